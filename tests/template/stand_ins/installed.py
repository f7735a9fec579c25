"""Whether `cargo install` would find what it is told: the package, its features, its profile, and the lock.

    python tests/template/stand_ins/installed.py --locked --profile NAME --features NAME,… --path FOLDER

It compiles nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

# What cargo has without a manifest's saying so.
BUILT_IN = {"release", "dev"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--locked", action="store_true")
    parser.add_argument("--profile", default="release")
    parser.add_argument("--features", default="")
    parser.add_argument("--path", required=True, type=Path)
    given = parser.parse_args()
    manifest = given.path / "Cargo.toml"
    read = [os.environ["STAND_IN_REAL_CARGO"], "metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", str(manifest)]
    described = json.loads(subprocess.run(read + ["--locked"] * given.locked, check=True, capture_output=True).stdout)
    (package,) = (one for one in described["packages"] if Path(one["manifest_path"]) == manifest.resolve())
    workspace = tomllib.loads((Path(described["workspace_root"]) / "Cargo.toml").read_text())
    faults = [f"no feature {name}" for name in given.features.split(",") if name and name not in package["features"]]
    if given.profile not in BUILT_IN | workspace.get("profile", {}).keys():
        faults.append(f"no profile {given.profile}")
    if not any("bin" in target["kind"] and target["name"] == "market" for target in package["targets"]):
        faults.append("no binary `market`")
    sys.exit(f"cargo: {given.path}: {', '.join(faults)}" if faults else 0)


if __name__ == "__main__":
    main()
