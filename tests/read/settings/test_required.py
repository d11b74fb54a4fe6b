"""Which reads of a variable a program does not survive: schemas, reads that raise while modules load, explicit refusals."""

from __future__ import annotations

import pytest

from scaffold.read.javascript_code import read_javascript
from scaffold.read.other_code import read_other_code
from scaffold.read.python_code import read_python


def failing(path: str, text: str) -> set[str]:
    found = read_python(path, text)[0] if path.endswith(".py") else _other(path, text)
    return {read.name for read in found.reads if read.fails}


def _other(path: str, text: str):
    return read_javascript(path, text) if path.endswith((".js", ".ts")) else read_other_code(path, text)


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (
            "src/config.js",
            "const s = Joi.object().keys({ NODE_ENV: Joi.string().valid('a)', 'b').required(), PORT: Joi.number().default(1),\n"
            "  SMTP_HOST: Joi.string(), KEY: Joi.string()\n    .required()\n    .description('x'), // LOST: Joi.string().required()\n"
            "  MODE: Joi.when('X', {then: Joi.string().required()}) }).unknown();\ns.validate(process.env);",
            {"NODE_ENV", "KEY"},
        ),
        (
            "src/env.ts",
            "export const env = z.object({ DATABASE_URL: z.string().url(), OPT: z.string().optional(), N: z.coerce.number(),\n"
            "  B: z.coerce.boolean(), D: z.string().default('x'), NEXT_PUBLIC_API: z.string() }).parse(process.env);",
            {"DATABASE_URL", "N"},
        ),
        (
            "src/env.ts",
            "cleanEnv(process.env, { A: str(), B: port({ default: 3000 }), C: url({ devDefault: 'http://x' }) });",
            {"A", "C"},
        ),
        (
            "src/index.ts",
            "const SECRET = process.env.SECRET;\nif (!SECRET || SECRET.length < 32) {\n  throw new Error('no');\n}\n"
            "if (!process.env.HOST) { console.error('no'); process.exit(1); }\nif (!process.env.DEBUG) { console.log('quiet'); }",
            {"SECRET", "HOST"},
        ),
        ("src/app.ts", "configService.getOrThrow('API_KEY'); configService.get('OTHER');", {"API_KEY"}),
        ("src/user.js", "const body = Joi.object({ email: Joi.string().required() });", set()),
        (
            "app/config.py",
            "import os\nA = os.environ['A']\nB = os.getenv('B')\nif B:\n    C = os.environ['C']\ntry:\n    D = os.environ['D']\n"
            "except KeyError:\n    D = ''\ndef f():\n    return os.environ['E']\nif os.getenv('ENV') == 'production':\n"
            "    F = os.environ['F']\nif DEBUG:\n    G = os.environ['G']\nH = os.environ['H'] if B else ''\n",
            {"A", "F"},
        ),
        (
            "app/settings.py",
            "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    key: str\n"
            "    @classmethod\n    def settings_customise_sources(cls, *args):\n        return TomlConfigSettingsSource(cls), *args\n",
            set(),
        ),
        (
            "app/settings.py",
            "import os\ndef need(n):\n    v = os.environ.get(n)\n    if not v:\n        raise RuntimeError(n)\n    return v\n"
            "def key(n):\n    return os.environ[n]\n"
            "def either(n, default=None):\n    try:\n        return os.environ[n]\n    except KeyError:\n"
            "        if default is None:\n            raise\n        return default\n"
            "def get(n, default=None):\n    p = os.getenv(n + '_FILE')\n    if p and not exists(p):\n        raise OSError(p)\n"
            "    return os.getenv(n, default)\n"
            "def calm(n):\n    try:\n        return os.environ[n]\n    except KeyError:\n        return ''\n"
            "def other(n):\n    return os.environ['FIXED']\n"
            "A = need('A')\nB = key('B')\nC = either('C')\nD = either('D', 'x')\nE = get('E')\nF = calm('F')\nG = other('G')\n"
            "def later():\n    return need('H')\n",
            {"A", "B", "C"},
        ),
        (
            "app/settings.py",
            "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    key: str\n    name: str = 'x'\n"
            "    maybe: str | None\n    other: Optional[str]\nclass TestSettings(BaseSettings):\n    fake: str\n",
            {"KEY"},
        ),
        (
            "app/settings.py",
            "import environ\nenv = environ.Env(WITH=(bool, False))\nA = env('A')\nB = env('WITH')\nC = env('C', default=1)\n",
            {"A", "WITH"},
        ),
        ("config/app.go", 'type C struct {\n  Name string `env:"NAME,required"`\n  Port string `env:"PORT"`\n'
         '  Url string `env:"URL" env-required:"true"`\n}', {"NAME", "URL"}),
        ("src/main.rs", 'let a = env::var("A").expect("a"); let b = env!("B"); let c = env::var("C").ok();', {"A"}),
        ("config/runtime.exs", 'a = System.get_env("A") || raise "no"\nb = System.fetch_env!("B")\n', {"A", "B"}),
        ("config/runtime.exs", 'a =\n  System.get_env("A") ||\n    System.get_env("B") ||\n    raise "no"\nc = System.get_env("C") || raise "no"\n', {"C"}),
        ("config/x.rb", "ENV.fetch('A')\nENV.fetch('B', 'x')\nENV['C']\n", {"A"}),
        ("src/main/resources/application.yml", "spring:\n  a: ${A}\n  b: ${B:x}\n", {"A"}),
        ("src/main/resources/application-dev.yml", "spring:\n  a: ${A}\n", set()),
        ("entrypoint.sh", ': "${A:?}"\n', set()),
    ],
)  # fmt: skip
def test_a_program_that_does_not_start_without_a_variable(path: str, text: str, names: set[str]) -> None:
    assert failing(path, text) == names


def test_a_default_of_the_scheme_counts_for_every_read() -> None:
    text = "import environ\nenv = environ.Env(WITH=(bool, False))\nB = env('WITH')\n"
    reads = read_python("app/settings.py", text)[0].reads
    assert not all(read.required for read in reads if read.name == "WITH")
