import pytest
from fastapi.testclient import TestClient

from app.core.repository import repository
from app.core.security import create_access_token
from app.core.settings import settings
from app.main import app

FLAT = {"title": "Flat by the park", "city": "Graz", "price": 250000}


class Listings:
    """The repository without a database."""

    def __init__(self):
        self.rows = {}

    def add(self, title, city, price):
        number = len(self.rows) + 1
        self.rows[number] = {"id": number, "title": title, "city": city, "price": price}
        return self.rows[number]

    def find(self, words=""):
        return [row for row in self.rows.values() if words.lower() in row["title"].lower()]

    def get(self, number):
        return self.rows.get(number)


@pytest.fixture
def api():
    listings = Listings()
    app.dependency_overrides[repository] = lambda: listings
    yield TestClient(app)
    app.dependency_overrides.clear()


def staff(user="ada"):
    return {"Authorization": f"Bearer {create_access_token(user)}"}


def test_health_answers_without_a_database():
    assert TestClient(app).get("/health").json()["status"] == "healthy"


def test_listings_are_added_and_found(api):
    created = api.post("/api/v1/properties", json=FLAT, headers=staff())
    assert created.status_code == 201
    assert api.get("/api/v1/properties", params={"q": "park"}).json() == [created.json()]
    assert api.get("/api/v1/properties", params={"q": "castle"}).json() == []
    assert api.get("/api/v1/properties/2").status_code == 404


def test_only_staff_may_add(api):
    assert api.post("/api/v1/properties", json=FLAT).status_code == 401
    forged = {"Authorization": staff()["Authorization"][:-2] + "zz"}
    assert api.post("/api/v1/properties", json=FLAT, headers=forged).status_code == 401


def test_an_expired_token_is_refused(api, monkeypatch):
    monkeypatch.setattr(settings, "ACCESS_TOKEN_EXPIRE_MINUTES", -1)
    assert api.post("/api/v1/properties", json=FLAT, headers=staff()).status_code == 401


def test_files_have_a_kind_and_a_largest_size(api, monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "UPLOAD_DIR", tmp_path)
    monkeypatch.setattr(settings, "MAX_UPLOAD_SIZE", 4)
    address = "/api/v1/properties/1/files"
    stored = api.post(address, params={"kind": "jpg"}, content=b"1234", headers=staff()).json()
    assert (tmp_path / stored["file"]).read_bytes() == b"1234"
    assert api.post(address, params={"kind": "jpg"}, content=b"12345", headers=staff()).status_code == 413
    assert api.post(address, params={"kind": "exe"}, content=b"1", headers=staff()).status_code == 415


def test_the_figures_count_requests(api):
    before = api.get("/api/v1/performance/metrics").json()["requests"]
    api.get("/health")
    assert api.get("/api/v1/performance/metrics").json()["requests"] == before + 2
