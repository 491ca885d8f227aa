"""The launcher supports exactly one version of moto."""

import subprocess

from conftest import DAGS

LAUNCHER = DAGS.parent / "xtask/emulator/moto_server.py"


def test_another_version_of_moto_is_rejected(tools):
    code = f"import moto, runpy; moto.__version__ = '5.3.0'; runpy.run_path({str(LAUNCHER)!r}, run_name='__main__')"
    done = subprocess.run([tools, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: this server extends moto 5.2.5, not 5.3.0; hint: ")
