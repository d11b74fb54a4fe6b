from pathlib import Path

from fastapi.testclient import TestClient

from friday_ai.api.app import create_app
from friday_ai.settings import Settings

KEY = {"X-API-Key": "a-key-for-tests"}


def client(tmp_path: Path, api_key: str = KEY["X-API-Key"], rate_limit: int = 60) -> TestClient:
    return TestClient(
        create_app(Settings(api_key=api_key, rate_limit=rate_limit, data_dir=tmp_path))
    )


def test_the_probes_answer(tmp_path: Path) -> None:
    api = client(tmp_path)
    assert api.get("/live").json() == {"status": "alive"}
    assert api.get("/ready").json() == {"ready": True, "stores": {"database": True}}
    assert api.get("/health").json()["circuit_breaker"] == "closed"


def test_an_unreachable_cache_makes_it_not_ready(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0"))
    answer = TestClient(app).get("/ready")
    assert answer.status_code == 503
    assert answer.json()["stores"] == {"database": True, "cache": False}


def test_a_task_is_run_and_kept(tmp_path: Path) -> None:
    api = client(tmp_path)
    created = api.post("/tasks", json={"text": "add 1 2\necho done"}, headers=KEY)
    assert created.status_code == 201
    task = created.json()
    assert [step["result"] for step in task["steps"]] == ["3.0", "done"]
    assert api.get(f"/tasks/{task['id']}", headers=KEY).json() == task
    assert api.get("/tasks/none", headers=KEY).status_code == 404


def test_callers_without_the_key_are_refused(tmp_path: Path) -> None:
    assert client(tmp_path).post("/tasks", json={"text": "now"}).status_code == 401
    assert client(tmp_path, api_key="").post("/tasks", json={"text": "now"}).status_code == 503


def test_too_many_tasks_are_refused(tmp_path: Path) -> None:
    api = client(tmp_path, rate_limit=1)
    assert api.post("/tasks", json={"text": "now"}, headers=KEY).status_code == 201
    assert api.post("/tasks", json={"text": "now"}, headers=KEY).status_code == 429
