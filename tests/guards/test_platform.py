"""The code runs on Linux, macOS and Windows: system-specific code is only in the modules that are listed here."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("provider", "emulator/neev_emulator")
TOOLS = ("tools/dist",)
"""The tools that build a release on each system."""
RUNTIME = "emulator/neev_emulator/runtime"
WORKSPACE = "the files of a sandbox, which need POSIX: on Windows the emulator has no runtime"
COMMANDS = "the commands of a sandbox, which need POSIX: on Windows the emulator has no runtime"
ISOLATION = "the isolation of a sandbox, which needs Linux"
MOUNTS = "/workspace for commands, which needs Linux"
LAUNCHERS = "executables, which on Windows have a suffix and cannot be scripts"
ONLY_POSIX = {
    f"{RUNTIME}/file_tree.py": WORKSPACE,
    f"{RUNTIME}/filesystem.py": WORKSPACE,
    f"{RUNTIME}/path_confinement.py": WORKSPACE,
    f"{RUNTIME}/process.py": COMMANDS,
    f"{RUNTIME}/process_stats.py": COMMANDS,
    f"{RUNTIME}/sandbox_host.py": COMMANDS,
    f"{RUNTIME}/mount_namespaces.py": MOUNTS,
    f"{RUNTIME}/mount_server.py": MOUNTS,
    f"{RUNTIME}/isolation/enter.py": ISOLATION,
    f"{RUNTIME}/isolation/memory.py": ISOLATION,
    f"{RUNTIME}/isolation/namespaces.py": ISOLATION,
    "tools/sdks.py": "the SDKs, which are the same for every system and built on Linux",
}
"""The modules that use features that Windows does not have, with the reason."""
ONLY_LINUX = {
    f"{RUNTIME}/process.py": "the exit of a process by its descriptor; elsewhere a thread waits for it",
    f"{RUNTIME}/isolation/enter.py": ISOLATION,
    f"{RUNTIME}/isolation/namespaces.py": ISOLATION,
}
"""The modules that use features that macOS does not have, with the reason."""
MISSING = {"win32": ONLY_POSIX, "darwin": ONLY_LINUX}
BY_SYSTEM = {
    "provider/neev_provider/adapters/shared/operating_system.py": "what differs for a provider's process",
    "emulator/neev_emulator/operating_system.py": "what differs for the emulator",
}
"""The modules that read the name of the operating system, or that behave differently on each."""
USES = {
    r"\bsys\.platform\b|\bos\.name\b|\bplatform\.system\b": {
        "provider/neev_provider/adapters/shared/launchers.py": LAUNCHERS,
        "provider/neev_provider/client/http/certificates.py": "certificates, which macOS and Windows check themselves",
    },
    r"\bgetppid\b|\badd_signal_handler\b|\bsignal\.signal\(|\bstart_new_session\b|\bcreationflags\b": {
        "emulator/neev_emulator/cli.py": "handlers of the signals that `operating_system` lists",
        f"{RUNTIME}/process.py": COMMANDS,
        f"{RUNTIME}/mount_namespaces.py": MOUNTS,
        f"{RUNTIME}/isolation/enter.py": ISOLATION,
    },
    r"\badd_reader\b|\bpreexec_fn\b|\bpass_fds\b|\bset_child_watcher\b": {
        f"{RUNTIME}/process.py": COMMANDS,
        f"{RUNTIME}/isolation/namespaces.py": ISOLATION,
    },
    r"(?<![\w/.<>}])/(proc|dev|bin|tmp|usr)\b": {
        "provider/neev_provider/adapters/terraform/listener.py": "a short path for a socket, which Windows has not",
        "provider/neev_provider/adapters/shared/launchers.py": LAUNCHERS,
        "provider/neev_provider/resources/listening_ports.py": "a path in the sandbox, which is Linux",
        "emulator/neev_emulator/state/storage.py": "processes that a killed emulator left; without /proc none is found",
        f"{RUNTIME}/process_stats.py": "the usage of processes; without /proc it is 0",
        f"{RUNTIME}/mount_namespaces.py": MOUNTS,
        f"{RUNTIME}/mount_server.py": MOUNTS,
        f"{RUNTIME}/isolation/enter.py": ISOLATION,
        f"{RUNTIME}/isolation/isolated_view.py": ISOLATION,
        f"{RUNTIME}/isolation/memory.py": ISOLATION,
        f"{RUNTIME}/isolation/namespaces.py": ISOLATION,
        f"{RUNTIME}/isolation/root_files.py": ISOLATION,
    },
}
"""The patterns that a type checker does not find, with the modules that may use them besides `BY_SYSTEM`."""
PROGRAMS_OF_LINUX = ("enter", "mount_server")
"""The modules that only processes of Linux import."""
TEXT_METHODS = ("read_text", "write_text")
PROCESS_FUNCTIONS = ("run", "Popen", "check_output")
READS_TEXT_OF_LINUX = (f"{RUNTIME}/isolation/", f"{RUNTIME}/mount_server.py", f"{RUNTIME}/process_stats.py")


def list_files() -> list[Path]:
    """Return the modules that users run, without generated ones."""
    found = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    return sorted(file for file in found if "sdk" not in file.parts and not file.stem.endswith("_pb2"))


FILES = list_files()


def get_name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def iter_code(source: str) -> Iterator[tuple[int, str]]:
    """Yield each line that has code, without the docstrings and comments."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented):
            node.body = [
                item for item in node.body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
            ]
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.arguments | ast.withitem):
            yield 0, ast.unparse(node)
        elif isinstance(node, ast.If | ast.While):
            yield node.lineno, ast.unparse(node.test)
        elif isinstance(node, ast.For | ast.comprehension):
            yield 0, ast.unparse(node.iter)


def find_uses(name: str, source: str) -> dict[str, list[str]]:
    """Return the lines of a module that use something of one system only, by its pattern."""
    if name in BY_SYSTEM:
        return {}
    return {
        pattern: [f"{name}:{line}: {text}" for line, text in iter_code(source) if re.search(pattern, text)]
        for pattern in USES
    }


def find_text_without_encoding(source: str) -> Iterator[ast.Call]:
    """Yield the calls that decode or encode text as the system does: on Windows not as UTF-8."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        options = {keyword.arg for keyword in node.keywords}
        is_text_file = node.func.attr in TEXT_METHODS and len(node.args) <= (node.func.attr == "write_text")
        is_process = node.func.attr in PROCESS_FUNCTIONS and bool(options & {"text", "universal_newlines"})
        if (is_text_file or is_process) and "encoding" not in options:
            yield node


def find_type_errors(platform: str) -> str:
    """Return the errors of mypy for the system: the features that the code uses and the system does not have."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--platform",
        platform,
        "--cache-dir",
        f".mypy_cache/{platform}",
        *FOLDERS,
        *TOOLS,
    ]
    checked = subprocess.run(
        [*command, "--no-error-summary"], cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert checked.stderr == ""
    return checked.stdout


@pytest.mark.parametrize("platform", MISSING)
def test_missing_features_of_a_system_are_used_only_in_listed_modules(platform: str) -> None:
    errors = find_type_errors(platform).splitlines()
    found = {Path(error.partition(":")[0]).as_posix() for error in errors if ": error: " in error}
    unexpected = [error for error in errors if Path(error.partition(":")[0]).as_posix() not in MISSING[platform]]
    assert not unexpected, "\n".join(unexpected)
    assert found == set(MISSING[platform]), "a listed module uses no such feature"


@pytest.mark.parametrize("file", FILES, ids=get_name)
def test_system_specific_code_is_only_in_listed_modules(file: Path) -> None:
    for pattern, lines in find_uses(get_name(file), file.read_text(encoding="utf-8")).items():
        assert bool(lines) == (get_name(file) in USES[pattern]), "\n".join(lines) or f"{pattern} is not used"


@pytest.mark.parametrize("file", FILES, ids=get_name)
def test_text_is_read_and_written_as_utf_8(file: Path) -> None:
    calls = [node.lineno for node in find_text_without_encoding(file.read_text(encoding="utf-8"))]
    assert not calls or get_name(file).startswith(READS_TEXT_OF_LINUX), f"without encoding: lines {calls}"


@pytest.mark.parametrize(
    "line",
    [
        "if sys.platform == 'linux': pass",
        "parent = os.getppid()",
        "loop.add_signal_handler(2, stop)",
        "loop.add_reader(1, read)",
        "x = open('/proc/self/stat')",
        "with open('/dev/tty') as tty: pass",
        "def read(path='/tmp'): pass",
    ],
)
def test_the_guard_finds_system_specific_code(line: str) -> None:
    assert any(find_uses("provider/new.py", line).values())


@pytest.mark.parametrize("line", ["'''/proc'''", "url = f'{origin}/dev'", "path = '/workspace/tmp'", "# os.getppid()"])
def test_the_guard_ignores_similar_code(line: str) -> None:
    assert not any(find_uses("provider/new.py", line).values())


@pytest.mark.parametrize("line", ["path.read_text()", "path.write_text(text)", "subprocess.run([], text=True)"])
def test_the_guard_finds_a_text_without_encoding(line: str) -> None:
    assert len(list(find_text_without_encoding(line))) == 1
    assert not list(find_text_without_encoding(f"{line.removesuffix(')')}, encoding='utf-8')".replace("(, ", "(")))


def test_a_process_without_posix_imports_every_module_and_serves_the_control_plane() -> None:
    names = [get_name(file) for file in FILES if file.stem not in ("__main__", *PROGRAMS_OF_LINUX)]
    modules = [name.split("/", 1)[1].removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names]
    command = [sys.executable, "-m", "tests.fakes.windows", *modules]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
