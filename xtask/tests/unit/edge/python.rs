use super::*;

#[test]
fn an_environment_belongs_to_its_path_without_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a path");
    let (own, link) = (root.join("own/tools"), root.join("link"));
    fs::create_dir_all(&own).expect("created");
    let pin = PROGRAMS.lines().find(|line| line.starts_with("uv==")).expect("a version");
    std::os::unix::fs::symlink(root.join("own"), &link).expect("linked");
    fs::write(own.join("packages"), format!("{}\n{pin}", own.display())).expect("written");
    let found = environment(None, &link.join("tools"), Packages::Program("uv")).expect("it exists");
    assert_eq!(found, own);
}
