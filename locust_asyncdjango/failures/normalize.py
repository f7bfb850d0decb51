"""Make messages of the same sort equal, and texts from outside safe.

``fold_message`` and ``zero_digits`` replace what differs from one occurrence of an error to the next. ``safe_line``,
``safe_text`` and ``safe_value`` take passwords, tokens, cookies and keys out of a text, and make its control characters
visible. Apply one of them where a text enters: to what a server sends, an exception or a log says, and a user has
configured. Then nothing that shows or writes it later has to think of it.
"""

import logging
import re
from collections.abc import Callable
from typing import Any
from unicodedata import category

HIDDEN = "***"
"""What stands for a secret."""

# The part of a name that says that its value is a secret. Words that only begin like one of these are none.
_NAME = r"""
    (?<!invalid) (?<!bad)
    (?: passw(?:or)?d | passphrase | passcode | pwd | secret(?!ar) | signature | credentials? | jwt
      | token(?! s\b | i[sz] | _?(?:type|count|limit|length|bucket|url|uri|endpoint)s?\b )
      | (?: access | account | api | auth | client | encryption | license | master | private | secret | service | shared
          | signing | subscription ) [_-]? key
      | sess(?:ion)?[_-]?id | (?<![a-z]) pass (?![a-z]) )
    [\w-]{0,20} (?<!error) (?<!exception)
"""
# Names that hold a secret in a URL or a form only.
_PARAMETER = "sig|key|auth|code|reset|state|nonce|pw|otp|pin|sid|ticket|hmac|assertion|saml(?:request|response)"
_QUOTES = r"""(?: \\*["'`] | &quot; | &\#x27; | &\#39; | %22 | %27 | \] | %5D ){0,2}"""
_IS = r"\s* (?: [:=]{1,3}>? | %3[AD] ) \s*"
_PAIR = r""", \s* (?= \\* [bru]? ["'] )"""
# Not values, but what an error says of one.
_REMARKS = "yes|no|none|null|true|false|required|invalid|incorrect|missing|expired|wrong|must|is|was|cannot|should"
# Where a quote or a bracket does not end, the text was cut.
_VALUE = rf"""
    (?: \*{{3}} (?!\w)
      | \\b?" (?: [^"\\] | \\\\ (?: \\\\ | \\" | [^"\\] ) )* (?: \\" | $ )
      | \\+b?" .*? (?: \\+" | $ ) | \\+b?' .*? (?: \\+' | $ )
      | [bru]{{0,2}}" (?: [^"\\\r\n] | \\. )* "? | [bru]{{0,2}}' (?: [^'\\\r\n] | \\. )* '?
      | &quot; .*? (?: &quot; | $ ) | &\#(?:x27|39); .*? (?: &\#(?:x27|39); | $ )
      | \[ [^\]\r\n]* \]? | \{{ [^}}\r\n]* \}}?
      | (?! (?:{_REMARKS}) (?: [\s"'&,;:.!<>)}}\\] | $ ) ) (?: [^\s"'&,;<>)}}\\] | [,)}}'\\] (?=\w) )+ )
"""
_SECRET = re.compile(
    rf"""
    (?P<login> :// ) (?!user:password@)
        (?: (?!\[) [^\s/@:"'<>]{{0,300}} : (?! \d{{1,5}} (?: [\s/?\#,;.)\]}}"'<>] | $ ) )
            (?: [^\s"'<>?\#]{{0,500}} @ | [^\s<>]{{0,500}} @ | [^\s"'<>/?\#]+ $ )
          | [^\s/@"'<>]{{1,500}} @ )
    | (?P<encoded_login> %3A%2F%2F ) [^\s"'<>&]{{0,300}}? %40
    | (?P<address_login> (?<![\w/@.:+-]) ) (?! (?:mailto|sip|xmpp) : )
        [\w.+%-]{{1,64}} : [^\s/@"'<>:]{{1,200}} @ (?= (?: \[[\da-f:.]+\] | [\w.-]{{1,200}} ) :\d )
    | (?P<field> (?: authorization | cookies? | x-api-key ) {_QUOTES} (?: {_IS} | {_PAIR} ) )
        (?: [^\r\n<] | < (?! /?[a-z][\w-]*[\ />] ) )+
    | (?P<scheme> \b (?: bearer | basic | digest | negotiate | apikey ) \s+ )
        (?= \S*[\d=] | (?-i: \S*[a-z][A-Z] | [A-Z]{{8}} ) ) [^\s"'<>,;]{{8,}}
    | (?P<parameter> (?: [?&] (?:amp;)? | %3F | %26 )
        (?: {_PARAMETER} | [\w.%\[\]-]{{0,24}}? {_NAME} [\w.%\[\]-]{{0,24}} ) (?: = | %3D ) ) [^\s"'<>&]+
    | (?P<input> <input \b [^>]{{0,200}} type=["']?password [^>]{{0,200}} value= ) (?: "[^"]*"? | '[^']*'? )
    | (?P<auth> \b auth \s* = \s* \( ) [^)\r\n]*
    | (?P<flag> (?<![\w-]) --? [\w-]{{0,40}}? {_NAME} \s+ (?!-) ) {_VALUE}
    | (?P<element> {_NAME} {_QUOTES} > ) [^<>\r\n]+
    | (?P<cell> {_NAME} {_QUOTES} </td>\s*<td[^>]*>(?:<pre>)? ) [^<>]+
    | (?P<named> {_NAME} {_QUOTES}
        (?: {_IS} | {_PAIR} | \s+value= | (?<=["'])(?:\r?\n){{2}} ) ) {_VALUE}
    | (?P<key> -----BEGIN\ [A-Z ]*PRIVATE\ KEY----- ) .*? (?: (?=-----END) | $ )
    | (?P<bare> \b ) (?: A[KS]IA[0-9A-Z]{{16}} \b | eyJ[\w-]{{8,}}\.[\w-]+(?:\.[\w-]*)* | gh[opusr]_\w{{20,}}
        | github_pat_\w{{20,}} | glpat-[\w-]{{16,}} | [rs]k_(?:live|test)_\w{{10,}} | whsec_\w{{16,}} | sk-[\w-]{{20,}}
        | xox[a-z]-[\w-]{{10,}} | AIza[\w-]{{30,}} | ya29\.[\w-]{{20,}} | npm_\w{{30,}}
        | SG\.[\w-]{{16,}}\.[\w-]{{16,}} )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ENDS_OF_LOGINS = {"login": "@", "encoded_login": "%40", "address_login": "@"}
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE | re.VERBOSE)
_SWITCH = re.compile(r"--?[A-Za-z][\w-]*|[A-Z][A-Z0-9_]+")
"""A flag, or the name of an environment variable."""

# Quoted names. A quoted text with spaces only counts after a word, because the repr of an exception quotes its message.
_QUOTED = re.compile(
    r""""(?:(?<=\w ")[^"\n]*|[^"\s]*)"|'(?:(?<=\w ')[^'\n]*|(?<!\w')[^'\s]*)'(?!\w)|`[^`\n]*`"""
    r"""|«[^»\n]*»|»[^«\n]*«|„[^“”\n]*[“”]|“[^”\n]*”|「[^」\n]*」"""
)
_QUOTE = re.compile("[\"'`«»„“「]")
# Words, matched from their beginning only. Otherwise the search would try each letter of each word.
_MAY_VARY = re.compile(r"(?<!\S)[^\s\d@]*+[\d@]\S*")
_VARYING = re.compile(r"[A-Za-z_:.@+-]*+\d[\w.:@+-]*|[\w.+-]++@[\w-]+\.[\w.-]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_FORMS = (
    ("N", _NUMBER),
    ("ADDRESS", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|\S+@\S+")),
    (
        "ID",
        re.compile(
            r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|0x[0-9a-fA-F]+|[0-9a-f]{8,}|(?=.*[A-Za-z])[\w+-]{16,}"
        ),
    ),
)
# Error codes: errno, and those of MySQL and Oracle.
_CODE = re.compile(r"Errno -?\d+\]|\(\d{4},|ORA-\d+:?")
# The beginnings of such error codes.
_MAY_BE_CODE = re.compile(r"Errno|\(\d|[Oo][Rr][Aa]-")
_ZEROS = str.maketrans("123456789", "000000000")


def fold_message(message: str) -> str:
    """Return the message on one line with N, ID, ADDRESS and "..." for numbers, ids, addresses and quoted names."""
    if _QUOTE.search(message):
        message = _QUOTED.sub('"..."', message)
    return " ".join(_MAY_VARY.sub(_fold_word, message).split())


def zero_digits(text: str) -> str:
    """Return the text with 0 for each digit, or unchanged where a number may be the code of an error."""
    # It is quicker to look for one character of each code first.
    if ("(" in text or "-" in text or "E" in text) and _MAY_BE_CODE.search(text):
        return text
    return text.translate(_ZEROS)


def safe_line(text: str) -> str:
    r"""Return a text on one line that may be shown and written anywhere: ``safe_text``, but with \n for a line end."""
    return escape_controls(redact(text))


def safe_text(text: str) -> str:
    r"""Return a text without secrets, in which control characters are visible: \x1b for ESC. Lines and tabs stay."""
    return escape_controls(redact(text).replace("\r\n", "\n"), keep="\n\t")


def safe_value(value: Any, safe: Callable[[str], str] = safe_text) -> Any:
    """Return a value in which all texts are safe, also those whose name says that they are secret.

    value: what JSON can hold, and tuples. safe: makes a text safe.
    """
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {safe_line(str(name)): _safe_member(str(name), each, safe) for name, each in value.items()}
    if isinstance(value, list | tuple):
        # A flag and its value, or a variable and its value.
        names = ["", *(each if isinstance(each, str) and _SWITCH.fullmatch(each) else "" for each in value)]
        return type(value)(_safe_member(name, each, safe) for name, each in zip(names, value, strict=False))
    return value


def safe_logger(name: str) -> logging.Logger:
    """Return the logger of this name, whose messages and tracebacks are safe texts."""
    logger = logging.getLogger(name)
    logger.addFilter(make_record_safe)
    return logger


class OnceLogger:
    """Logs something once for each key, such as a worker, until ``clear`` is called."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._logged: set[str] = set()

    def warning(self, key: str, message: str, *values: object) -> None:
        """Log a warning, if none was logged for this key. values: for the placeholders of the message."""
        if self._is_first(key):
            self._log.warning(message, *values)

    def exception(self, key: str, message: str, *values: object) -> None:
        """Log an error with the traceback of the current exception, if none was logged for this key."""
        if self._is_first(key):
            self._log.exception(message, *values)

    def clear(self) -> None:
        """Forget what was logged, so that each key may be logged once more."""
        self._logged.clear()

    def _is_first(self, key: str) -> bool:
        is_first = key not in self._logged
        self._logged.add(key)
        return is_first


def make_record_safe(record: logging.LogRecord) -> bool:
    """Make the message and the traceback of a log record safe texts, and return True: a filter of ``logging``."""
    record.msg, record.args = safe_text(record.getMessage()), ()
    if record.exc_info and not record.exc_text:
        record.exc_text = safe_text(logging.Formatter().formatException(record.exc_info))
    return True


def redact(text: str) -> str:
    """Return the text with *** for passwords, tokens, cookies and other secrets.

    What cannot be written as UTF-8 becomes "?".
    """
    text = text.encode("utf-8", "replace").decode()
    return _SECRET.sub(_hide, text) if _may_hold_a_secret(text.lower()) else text


def is_secret_name(name: str) -> bool:
    """Return whether a name says that its value is a secret, as SECRET_KEY and db_password do."""
    return bool(_SECRET_NAME.search(name))


def escape_controls(text: str, keep: str = "") -> str:
    r"""Return the text with an escape such as \x1b for each character that is not printable and not in ``keep``.

    These are the characters that steer a terminal, turn or hide text, or end a line.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep or category(each) == "Zs" else _escape(each) for each in text
    )


def _may_hold_a_secret(text: str) -> bool:
    """Return whether a text is worth searching for secrets. text: in lower case.

    The tests are written out because a loop or a pattern would cost five times as much.
    """
    return (
        "://" in text
        or "%3a" in text
        or "%3d" in text
        or "@" in text
        or "pass" in text
        or "pwd" in text
        or "secret" in text
        or "token" in text
        or "key" in text
        or "auth" in text
        or "cookie" in text
        or "bearer" in text
        or "basic" in text
        or "diges" in text
        or "negot" in text
        or "sess" in text
        or "sig" in text
        or "cred" in text
        or "jwt" in text
        or "code=" in text
        or "reset=" in text
        or "state=" in text
        or "nonce=" in text
        or "pw=" in text
        or "otp=" in text
        or "pin=" in text
        or "sid=" in text
        or "ticket=" in text
        or "hmac=" in text
        or "assert" in text
        or "saml" in text
        or _may_hold_a_key(text)
    )


def _may_hold_a_key(text: str) -> bool:
    """Return whether a text may have a key that is known by its form."""
    return (
        "eyj" in text
        or "kia" in text
        or "sia" in text
        or "gh" in text
        or "github_" in text
        or "glpat" in text
        or "k_" in text
        or "k-" in text
        or "whsec" in text
        or "xox" in text
        or "aiza" in text
        or "ya29" in text
        or "npm_" in text
        or "sg." in text
    )


def _safe_member(name: str, value: Any, safe: Callable[[str], str]) -> Any:
    is_secret = isinstance(value, str) and value and _SECRET_NAME.search(name)
    return HIDDEN if is_secret else safe_value(value, safe)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _fold_word(match: re.Match[str]) -> str:
    word, start = match[0], match.start()
    if word.isdecimal():
        return "N"
    if _CODE.fullmatch(match.string, start, match.end()) or _CODE.fullmatch(
        match.string, max(start - 6, 0), match.end()
    ):
        return word
    return _VARYING.sub(_fold, word)


def _fold(match: re.Match[str]) -> str:
    whole = match[0]
    word = whole.rstrip(".:")
    for name, form in _FORMS:
        if form.fullmatch(word):
            return name + whole[len(word) :]
    return _NUMBER.sub("N", whole)


def _hide(match: re.Match[str]) -> str:
    name = match.lastgroup or ""
    return f"{match[name]}{HIDDEN}{_ENDS_OF_LOGINS.get(name, '')}"
