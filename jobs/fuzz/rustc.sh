#!/bin/sh
# RUSTC_WORKSPACE_WRAPPER for the suite `fuzz`: compiles the workspace's own crates as cargo-fuzz does, optimised and with
# every edge and comparison counted; their dependencies are shared with all other builds. It does not enable the
# sanitizers, which need nightly Rust: code without `unsafe` panics instead.
rustc=$1
shift
exec "$rustc" "$@" --cfg fuzzing -Copt-level=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0
