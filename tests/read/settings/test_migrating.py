"""Code that applies migrations: what is found, and whether a program does so whenever it starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.read.project import read_project

GO_RUN = "package db\n\nfunc Run(url string) error {\n\tm, err := migrate.New(source, url)\n\treturn m.Up()\n}\n"

PROGRAM = "var app = builder.Build();\nif ({})\n{{\n    await db.Database.MigrateAsync();\n}}\napp.Run();\n"
INITIALISER = """\
public static class Extensions
{
    public static async Task InitialiseDatabaseAsync(this WebApplication app)
    {
        var initialiser = app.Services.GetRequiredService<Initialiser>();
        await initialiser.InitialiseAsync();
    }
}

public class Initialiser(ShopContext context)
{
    public async Task InitialiseAsync()
    {
        await context.Database.MigrateAsync();
    }
}
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"db/run.go": GO_RUN, "cmd/server/main.go": "func main() {\n\tif err := db.Run(url); err != nil {\n\t}\n}\n"},
            [("applies-at-start", "cmd/server/main.go", 2), ("applies", "db/run.go", 4)],
        ),
        (
            {"db/run.go": GO_RUN, "cmd/migrate/main.go": "func main() {\n\tdb.Run(url)\n}\n"},
            [("applies", "db/run.go", 4)],
        ),
        ({"db/run.go": GO_RUN}, []),
        (
            {"main.go": "func main() {\n\tgoose.Up(db, dir)\n}\n"},
            [("applies-at-start", "main.go", 2)],
        ),
        (
            {"src/main.rs": "async fn main() {\n    sqlx::migrate!().run(&pool).await?;\n}\n"},
            [("applies-at-start", "src/main.rs", 2)],
        ),
        (
            {
                "src/main.rs": "async fn main() {\n    if run_migrations {\n        sqlx::migrate!().run(&pool).await?;\n    }\n}\n"
            },
            [("applies", "src/main.rs", 3)],
        ),
        ({"src/orm.ts": "export const source = {\n  migrationsRun: true,\n};\n"}, [("applies-at-start", "src/orm.ts", 2)]),
        ({"src/app.js": "// knex.migrate.latest()\nawait knex.migrate.latest();\n"}, [("applies-at-start", "src/app.js", 2)]),
        (
            {
                "app/main.py": "@asynccontextmanager\nasync def lifespan(app):\n    command.upgrade(config, 'head')\n    yield\n",
            },
            [("applies-at-start", "app/main.py", 3)],
        ),
        (
            {"src/Api/Program.cs": PROGRAM.format("app.Environment.IsDevelopment()")},
            [("applies-in-development", "src/Api/Program.cs", 4)],
        ),
        (
            {"src/Api/Program.cs": PROGRAM.format("app.Environment.IsDevelopment() || migrate")},
            [("applies", "src/Api/Program.cs", 4)],
        ),
        (
            {"src/Api/Program.cs": PROGRAM.format("!app.Environment.IsDevelopment()")},
            [("applies", "src/Api/Program.cs", 4)],
        ),
        (
            {
                "src/Data/Initialiser.cs": INITIALISER,
                "src/Api/Program.cs": "if (app.Environment.IsDevelopment())\n{\n    await app.InitialiseDatabaseAsync();\n}\napp.Run();\n",
            },
            [("applies-in-development", "src/Data/Initialiser.cs", 14)],
        ),
        (
            {
                "src/Data/Initialiser.cs": INITIALISER,
                "src/Api/Program.cs": "await app.InitialiseDatabaseAsync();\napp.Run();\n",
            },
            [("applies-at-start", "src/Api/Program.cs", 1), ("applies", "src/Data/Initialiser.cs", 14)],
        ),
    ],
)
def test_where_code_migrates(
    files: dict[str, str], expected: list[tuple[str, str, int]], make_project: Callable[..., Path]
) -> None:
    facts = [
        fact
        for fact in read_project(make_project({**files, "compose.yaml": "services: {api: {build: .}}\n"})).code_facts
        if fact.kind == "schema" and fact.detail.startswith("applies")
    ]
    assert [(fact.detail, fact.location.path, fact.location.line) for fact in facts] == expected
