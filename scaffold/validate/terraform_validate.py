"""`terraform validate`: needs the provider, so it is not run, with the reason, where none of the pinned version can be had."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.frozen import frozen
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import Completed, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import crashed, judged, not_run, relative, tail
from scaffold.validate.request import ValidationRequest
from scaffold.validate.terraform_program import (
    MISSING,
    find_terraform,
    mirrored_versions,
    mirrors,
    quiet_environment,
    terraform_version,
)

NAME = "terraform-validate"
_LOCK = ".terraform.lock.hcl"
_NO_PROVIDER = regex(
    r"Failed to query available provider packages|Failed to install provider|Incompatible provider version"
    r"|Could not retrieve providers for locking|Failed to resolve provider packages"
)
_PROVIDER = regex(r"provider\s+(?:\S+/)?([\w.-]+/[\w.-]+)[:,\s]")
_WANTED = regex(r'version_constraint: "(?P<pin>[^"]+)|matching "(?P<text>[^"]+)"')
_OFFLINE = regex(r"could not connect to [\w.-]+")
_SEVERITIES = {"error": Severity.HIGH, "warning": Severity.LOW}


@frozen
class _Judgement:
    """What became of one folder: `unable` is why its providers could not be had."""

    findings: tuple[Finding, ...] = field(default=())
    unable: str = ""
    broken: str = ""


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Initialise without a backend and validate every folder, leaving neither plugins nor a lock file behind."""
    if not material.terraform_folders:
        return not_run(NAME)
    program = find_terraform()
    if program is None:
        return not_run(NAME, MISSING)
    version = terraform_version(program, request)
    results = [_judge_folder(program, request, folder) for folder in material.terraform_folders]
    findings = tuple(finding for result in results for finding in result.findings)
    broken = next((result.broken for result in results if result.broken), "")
    unable = next((result.unable for result in results if result.unable), "")
    if broken:
        return crashed(NAME, broken, version=version)
    if unable and not findings:
        return not_run(NAME, unable, version)
    return judged(NAME, version, sum(not result.unable for result in results), findings, unable)


def _judge_folder(program: str, request: ValidationRequest, folder: str) -> _Judgement:
    place = request.folder / folder
    had_lock = (place / _LOCK).exists()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-") as scratch:
            return _initialise_and_validate(program, request, place, scratch)
    finally:
        if not had_lock:
            (place / _LOCK).unlink(missing_ok=True)


def _initialise_and_validate(program: str, request: ValidationRequest, place: Path, scratch: str) -> _Judgement:
    environment = {**quiet_environment(request), "TF_DATA_DIR": scratch}
    unable = ""
    for mirror in mirrors(request):
        argv = [program, "init", "-backend=false", "-input=false", "-no-color", "-json"]
        done = run([*argv, *([f"-plugin-dir={mirror}"] if mirror else [])], cwd=place, timeout=request.seconds, env=environment)
        if done.code == 0:
            break
        if not _NO_PROVIDER.search(done.stdout + done.stderr):
            return _not_initialised(done, request.folder, place)
        unable = unable or _reason(done, mirror)
    else:
        return _Judgement(unable=unable)
    done = run([program, "validate", "-json", "-no-color"], cwd=place, timeout=request.seconds, env=environment)
    try:
        diagnostics = json.loads(done.stdout)["diagnostics"]
        return _Judgement(tuple(_findings(diagnostics, request.folder, place)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _Judgement(broken=f"validate gave exit code {done.code} and no answer: {tail(done.stderr, request.folder)}")


def _reason(done: Completed, mirror: str) -> str:
    details = " ".join(str(item.get("detail", "")) for item in _diagnostics(done.stdout)) or done.stderr
    provider = _PROVIDER.search(details)
    name = provider[1] if provider else ""
    wanted = _WANTED.search(_messages(done.stdout))
    pin = f" {wanted['pin'] or wanted['text']}" if wanted else ""
    offline = _OFFLINE.search(details)
    held = ", ".join(mirrored_versions(mirror, name)) if name else ""
    why = f"{mirror} holds {held or 'none'}" if mirror else (offline[0] if offline else "it could not be got")
    return f"the provider {name or 'that the files ask for'}{pin} is not at hand: {why}"


def _messages(text: str) -> str:
    """Return what `init -json` tells on its way, one message a line."""
    return "\n".join(str(answer.get("@message", "")) for answer in _answers(text))


def _not_initialised(done: Completed, folder: Path, place: Path) -> _Judgement:
    found = tuple(item for item in _findings(_diagnostics(done.stdout), folder, place) if item.path)
    if found:
        return _Judgement(found)
    return _Judgement(broken=f"init gave exit code {done.code}: {tail(done.stderr or done.stdout, folder)}")


def _diagnostics(text: str) -> list[Mapping[str, Any]]:
    """Return the diagnostics of `init -json`, which prints one JSON object a line."""
    return [answer["diagnostic"] for answer in _answers(text) if isinstance(answer.get("diagnostic"), dict)]


def _answers(text: str) -> Iterable[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if isinstance(answer, dict):
            yield answer


def _findings(diagnostics: Iterable[Mapping[str, Any]], folder: Path, place: Path) -> Iterable[Finding]:
    for item in diagnostics:
        where = item.get("range") or {}
        path = relative(folder, str(place / where["filename"])) if where.get("filename") else ""
        line = int(where["start"]["line"]) if path else 0
        message = " ".join(f"{item['summary']}. {item.get('detail', '')}".split())[:400]
        yield Finding(NAME, "validate", path, line, _SEVERITIES.get(str(item["severity"]), Severity.MEDIUM), message)
