"""Env templates: which variables the stack takes, what is known of each, and how a template says it."""

from __future__ import annotations

from dataclasses import field

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.regex import regex

_ISSUED = regex(
    r"(?:^|_)(?:API_?KEY|ACCESS_KEY(?:_ID|_SECRET)?|TOKEN|DSN|WEBHOOK(?:_URL)?|CLIENT_SECRET|CREDENTIALS?)$|^(?:SMTP|E?MAIL)_(?:\w+_)?PASS(?:WORD)?$"
    r"|(?:^|_)(?:OPENAI|ANTHROPIC|STRIPE|PAYPAL|SENDGRID|TWILIO|GITHUB(?!_WEBHOOK)|GOOGLE|AWS|AZURE|SLACK|SENTRY|MAILGUN|CLOUDINARY)_"
    r"|(?:^|_)(?:MAILJET|MAILCHIMP|MAILERSEND|POSTMARK|RESEND|BREVO|SPARKPOST|VONAGE|PLIVO|PUSHER|ALGOLIA|MAPBOX|RAZORPAY|MOLLIE)_"
    r"|(?:^|_)(?:ADYEN|BRAINTREE|LEMONSQUEEZY|CLOUDFLARE|TURNSTILE|RECAPTCHA|HCAPTCHA|LINKEDIN|FACEBOOK|SPOTIFY|HUGGINGFACE)_"
    r"|SERVICE_ACCOUNT_(?:KEY|JSON|B64|BASE64)|(?:^|_)SUPABASE_(?:\w+_)?KEY$"
)
"""Names of what the other side makes, and of services that give out every credential of theirs."""
_OWN = regex(r"^(?:SITE|INTERNAL|ADMIN|SERVICE|SERVER|BACKEND|CRON|METRICS|SHARED|SCRAPE)_(?:API_?)?(?:KEY|TOKEN)$")
"""Names of keys that the own code asks its callers for."""
_EITHER = frozenset({"API_KEY", "API_TOKEN", "ACCESS_TOKEN", "AUTH_TOKEN", "TOKEN"})
"""Names that say neither who makes the key nor who asks for it."""
_OF_A_PAIR = regex(r"(?:^|_)(?:PRIVATE_?KEY|PRIVKEY|MNEMONIC|SEED_PHRASE)(?:_|$)")
MADE_AS_A_PAIR = "the program that makes the pair of keys"
"""Where half of a pair comes from."""
_PLAIN = regex(r"[A-Za-z0-9_./:@%+,\-]*")
GENERATE = "openssl rand -hex 32"
"""Makes a password of 64 hexadecimal digits: it needs no quoting in env files, URLs and shells."""
_OF_LARAVEL = 'echo "base64:$(openssl rand -base64 32)"'
"""Makes what `artisan key:generate --show` prints: Laravel refuses a key that is not 32 bytes."""


_OF_THE_MACHINE = regex(
    r"HOME|PATH|PWD|USER|UID|GID|HOSTNAME|SHELL|TERM|LANG|TMPDIR|CI|GITLAB_CI|GITHUB_ACTIONS|RUNNER_\w+|PYTEST_CURRENT_TEST"
)


def is_of_the_machine(name: str) -> bool:
    """Whether a shell, a container or a runner of CI sets a variable of this name by itself: nobody fills it in."""
    return _OF_THE_MACHINE.fullmatch(name) is not None


def is_issued(name: str) -> bool:
    """Whether a secret of this name comes from a provider: nobody can make one."""
    return bool(_ISSUED.search(name)) and not _OWN.search(name)


def is_of_a_pair(name: str) -> bool:
    """Whether a secret of this name is half of a pair, such as the key of a wallet or a server's: no random text will do."""
    return bool(_OF_A_PAIR.search(name))


def making(name: str) -> str:
    """Return the command that makes a secret of this name."""
    return _OF_LARAVEL if name == "APP_KEY" else GENERATE


def how_to_make_a_key(store: str, users: tuple[str, ...]) -> str:
    """Return where a key of the stack's own object store comes from, which the services `users` read."""
    if store in users:
        return f"the key that {store} starts with: {GENERATE}"
    return f"a key of {store}, which you run yourselves: the one that it starts with, or one that you make in it"


@frozen
class EnvVariable:
    """One variable of a template: an entry when somebody has to set it, else a comment with the value that holds without."""

    name: str
    users: tuple[str, ...]
    """The services, or files of code, that read it."""
    value: str = ""
    """What the template sets, or the default that it shows; never a secret."""
    secret: bool = False
    url: bool = False
    """Whether the secret is a whole URL with a login."""
    form: str = ""
    """How such a URL is written, with stand-ins for the login; "" where the files do not tell."""
    active: bool = True
    """Whether it stands as `NAME=`; else as the comment `# NAME=value`."""
    why: str = ""
    """One sentence about the value, "" where the name says it."""
    login: str = ""
    """The service whose password it is: nobody makes another one for it."""
    same: str = ""
    """The variable whose text it has to hold, as both are the password of one login; "" for a value of its own."""
    object_store: str = ""
    """The service of the stack whose key it is, where that is an object store: its team makes the key."""
    as_it_is: bool = False
    """Whether production takes the value as it stands here, whatever the name says."""

    @property
    def comments(self) -> tuple[str, ...]:
        """The lines above the entry: what it is for, and how to get a value."""
        used = f"used by {', '.join(self.users)}" if self.users else ""
        if not self.secret:
            return tuple(text for text in (self.why, f"{used[:1].upper()}{used[1:]}" if used else "") if text)
        if self.url:
            how = self._how_to_write_the_url
        elif self.same:
            how = f"the text of {self.same}: both are the password of one login of {self.login}"
        elif self.login:
            how = f"the password of {self.login}"
        elif self.object_store:
            how = how_to_make_a_key(self.object_store, self.users)
        elif is_issued(self.name):
            how = "its provider issues the value"
            how += f", or, where your own code asks its callers for it: {GENERATE}" if self.name in _EITHER else ""
        elif is_of_a_pair(self.name):
            how = MADE_AS_A_PAIR
        else:
            how = f"make one with: {making(self.name)}"
        return (*((self.why,) if self.why else ()), f"Secret{f', {used}' if used else ''}; {how}")

    @property
    def _how_to_write_the_url(self) -> str:
        if self.form and "<password>" not in self.form:
            return f"the URL, {self.form} (that store asks for no login)"
        shown = f", {self.form}" if self.form else ""
        return f"the URL with its login{shown}; a password that needs no escaping: {GENERATE}"

    @property
    def text(self) -> str:
        """Its lines in a template; values here are plain words, which need no quotes of every format."""
        line = f"{self.name}={quoted(self.value)}"
        comments = "".join(f"# {text}\n" for text in self.comments)
        return f"{comments}{line if self.active else f'# {line}'}\n"


def quoted(value: str) -> str:
    """Return a default as the right side of an env file's line; defaults hold no line end."""
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value and "\\" not in value:
        return f"'{value}'"
    return '"' + "".join(f"\\{char}" if char in '"$\\' else char for char in value) + '"'


@frozen
class EnvGroup:
    """The variables of one consumer."""

    title: str
    variables: tuple[EnvVariable, ...]


@frozen
class EnvTemplate:
    """One env template: written whole where there is none, else what it lacks is appended to the user's own."""

    path: str
    theirs: bool
    production: bool
    heading: tuple[str, ...]
    groups: tuple[EnvGroup, ...]
    lacking: str = ""
    """The line for Compose itself that the user's own template lacks, "" where it has it or is not theirs."""
    listed: tuple[str, ...] = ()
    """The variables that the user's own template has, commented out or not."""

    @property
    def variables(self) -> tuple[EnvVariable, ...]:
        """Every variable, in the order of the groups."""
        return tuple(variable for group in self.groups for variable in group.variables)

    def variable(self, name: str) -> EnvVariable | None:
        """Return the variable of this name, or None."""
        return known(_variables_by_name, self).get(name)


def _variables_by_name(template: EnvTemplate) -> dict[str, EnvVariable]:
    return {variable.name: variable for variable in reversed(template.variables)}


@frozen
class NeededVariable:
    """A variable that the container of a service gets from nothing that production uses, and does not do without.

    kind is one of: `asked` (each environment sets it), `fixed` (it is `value`), `default` (`value` unless somebody sets it),
    `unknown` (the files do not tell whether the service runs without it).
    """

    service: str
    name: str
    kind: str
    location: Location
    """Where the code reads it."""
    value: str = field(default="", repr=False)
    """What it is; of a secret, how the template of developers writes it where that tells what it is (a login, a key)."""
    secret: bool = False
    may_be_empty: bool = False
    """Whether developers run with an empty text."""
    login: str = ""
    """The service whose user or password it is, "" for a value of its own."""
    unread: bool = False
    """Whether no file of the repository names it but the template of its env file."""
    of_developers: bool = False
    """Whether all that is known of it is what developers run the service with: what production sets is in no file of git."""
    source: str = "code"
    """Why it is here: `code` (the code requires it), `env-file` (the template of an untracked env file sets it, so that Compose
    needs nothing else), `default` (what the code takes without it is right under Compose alone), `local` (what it
    takes without it is right on a developer's machine alone).
    """

    @property
    def text(self) -> str:
        """How an overlay of Compose sets it."""
        if self.kind == "fixed":
            return self.value.replace("$", "$$")
        if self.kind == "default":
            return f"${{{self.name}:-{self.value}}}"
        return f"${{{self.name}{'-' if self.may_be_empty else ':?'}}}"


@frozen
class SecretSource:
    """Where a variable of a Compose host comes from: a secret of the manager, behind `<app>/<environment>/`, and its key."""

    variable: str
    secret: str
    key: str
    required: bool = True


@frozen
class SpelledOut:
    """A password that a compose file spells out and an overlay of ours asks for; `rule` is the code whose edit takes it out."""

    variable: str
    location: Location
    overlay: str
    rule: str = ""

    @property
    def reason(self) -> str:
        """What has to be done before the first start."""
        edit = f"take it out with `scaffold generate --edit {self.rule}`" if self.rule else "put a variable in its place"
        return (
            f"line {self.location.line} spells out {self.variable}, which {self.overlay} asks for: before the first start "
            f"{edit}, or set the same text there"
        )


@frozen
class EnvPlan:
    """The env templates of the stack that production runs."""

    templates: tuple[EnvTemplate, ...] = ()
    sources: tuple[SecretSource, ...] = ()
    """Where production's secrets come from, for scripts/secrets-env."""
    spelled_out: tuple[SpelledOut, ...] = ()

    @property
    def development(self) -> EnvTemplate | None:
        """The template that developers copy to .env."""
        return next((template for template in self.templates if not template.production), None)

    @property
    def production(self) -> EnvTemplate | None:
        """The template of production."""
        return next((template for template in self.templates if template.production), None)
