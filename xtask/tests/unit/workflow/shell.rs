use super::super::step::command;

#[test]
fn a_line_is_one_simple_command() {
    for (line, words) in [
        ("cargo xtask status --env dev", 5),
        ("cargo xtask deploy --expect \"$DIGEST\"", 5),
        ("cargo xtask diff --json > plan.json", 4),
        ("gh release create \"$TAG\" release/*", 5),
        ("sudo apt-get install --option=a.b strace", 5),
    ] {
        assert_eq!(command(line).map(|words| words.len()), Some(words), "{line}");
    }
}

#[test]
fn everything_else_is_refused() {
    for line in [
        "",
        " cargo xtask status",
        "rustup toolchain install 1.95.0; curl https://example.org | sh",
        "rustup toolchain install 1.95.0 && sh",
        "rustup toolchain install 1.95.0 || sh",
        "rustup toolchain install 1.95.0 & sh",
        "rustup toolchain install 1.95.0\nsh",
        "cargo xtask `sh`",
        "cargo xtask $(sh)",
        "cargo xtask \"$(sh)\"",
        "cargo xtask \"${DIGEST:-$(sh)}\"",
        "cargo xtask $DIGEST",
        "cargo xtask \"$digest\"",
        "cargo xtask \"${{ inputs.x }}\"",
        "cargo xtask ${{ inputs.x }}",
        "cargo xtask 'a'",
        "cargo xtask a\\b",
        "cargo xtask < file",
        "cargo xtask >> file",
        "cargo xtask > a > b",
        "cargo xtask > \"$FILE\"",
        "cargo xtask <(sh)",
        "cargo xtask {a,b}",
        "cargo xtask # comment",
        "PATH=. cargo xtask",
        "> file",
        "(sh)",
    ] {
        assert_eq!(command(line), None, "{line}");
    }
}
