"""Messages without what differs from one to the next, and texts without secrets."""

import re

_SECRET = re.compile(
    r"""
    (?P<login> :// [^\s/@:"'<>]* : ) [^\s"'<>]* @
    | (?P<field> (?: authorization | cookie | x-api-key ) (?:["']|&quot;)? \s* [:=] \s* ) [^\r\n<]+
    | (?P<scheme> \b (?:bearer|basic) \s+ ) (?=\S*[\d=]) [^\s"'<>,;]{8,}
    | (?P<named> (?: password | passwd | passphrase | pwd | secret | token | (?:api|access|private)[_-]?key | sessionid
          | signature | credentials? ) \w{0,20}
          (?:["']|&quot;|&\#x27;|&\#39;)? (?: \s* [:=] \s* | \s+value= | </td>\s*<td[^>]*>(?:<pre>)? ) )
      (?: "[^"\r\n]*" | '[^'\r\n]*' | &quot;.*?&quot; | &\#x27;.*?&\#x27; | [^\s"'&,;<>)}]+ )
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Without any of these there is no secret; to look for them first is quicker.
_HINTS = ("://", "pass", "pwd", "secret", "token", "key", "auth", "cookie", "bearer", "basic", "sess", "sign", "cred")

# Names; and whole sentences only behind a word, since an exception's repr has its message in quotes.
_QUOTED = re.compile(
    r""""(?:(?<=\w ")[^"\n]*|[^"\s]*)"|'(?:(?<=\w ')[^'\n]*|(?<!\w')[^'\s]*)'(?!\w)|`[^`\n]*`"""
    r"""|«[^»\n]*»|»[^«\n]*«|„[^“”\n]*[“”]|“[^”\n]*”|「[^」\n]*」"""
)
_QUOTE = re.compile("[\"'`«»„“「]")
_MAY_VARY = re.compile(r"[\d@]")
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
# Numbers by which errors are told apart: errno, MySQL's and Oracle's codes.
_CODE = re.compile(r"Errno -?\d+\]|\(\d{4},|ORA-\d+:?")


def folded(message: str) -> str:
    """The message on one line with numbers, ids, addresses and quoted names folded, so that few differ."""
    if _QUOTE.search(message):
        message = _QUOTED.sub('"..."', message)
    words = message.split()
    for at, word in enumerate(words):
        if _MAY_VARY.search(word) and not _CODE.fullmatch(word if word[0] in "(O" else f"{words[at - 1][-5:]} {word}"):
            words[at] = _VARYING.sub(_fold, word)
    return " ".join(words)


def redacted(text: str) -> str:
    """The text without passwords, tokens, cookies and other secrets."""
    lower = text.lower()
    return _SECRET.sub(_hide, text) if any(hint in lower for hint in _HINTS) else text


def _fold(match: re.Match[str]) -> str:
    whole = match[0]
    word = whole.rstrip(".:")
    for name, form in _FORMS:
        if form.fullmatch(word):
            return name + whole[len(word) :]
    return _NUMBER.sub("N", whole)


def _hide(match: re.Match[str]) -> str:
    if match["login"]:
        return "://***@"
    return f"{match['field'] or match['scheme'] or match['named'] or ''}***"
