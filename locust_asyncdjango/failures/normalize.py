"""Make messages of the same sort equal, and take secrets out of texts.

``fold_message`` and ``zero_digits`` replace what differs from one occurrence of an error to the next; ``redact``
removes passwords, tokens, cookies and keys before anything is shown or written to a file.
"""

import re

# A quoted value may have been cut before its end.
_VALUE = r"""
    (?: \\?b?\\?"[^"\r\n]*"? | \\?b?\\?'[^'\r\n]*'? | &quot;.*?(?:&quot;|$) | &\#x27;.*?(?:&\#x27;|$)
        | [^\s"'&,;<>)}\\]+ )
"""
_SECRET = re.compile(
    rf"""
    (?P<login> :// (?: [^\s/@:"'<>]*:(?!\d+(?:[/?\s]|$)) [^\s"'<>]* (?:@|$) | [^\s/@"'<>]+ @ ) )
    | (?P<field> (?: authorization | cookie | x-api-key ) (?:\\?["']|&quot;)? \s* [:=] \s* ) [^\r\n<]+
    | (?P<scheme> \b (?:bearer|basic) \s+ ) (?=\S*[\d=]) [^\s"'<>,;]{{8,}}
    | (?P<parameter> [?&] (?: sig | key | auth | code | state | nonce | jwt | id_token ) = ) [^\s"'&<>]+
    | (?P<input> <input \b [^>]{{0,200}} type=["']?password [^>]{{0,200}} value= ) (?: "[^"]*"? | '[^']*'? )
    | (?P<auth> \b auth \s* = \s* \( ) [^)\r\n]*
    | (?P<named> (?: password | passwd | passphrase | pwd | secret | token | (?:api|access|private|secret)[_-]?key
          | sess(?:ion)?id | signature | credentials? | (?<![a-z])pass ) \w{{0,20}}
          (?:\\?["']|&quot;|&\#x27;|&\#39;)?
          (?: \s* [:=] \s* | \s+value= | , \s* (?=\\?["']) | </td>\s*<td[^>]*>(?:<pre>)? | > ) ) {_VALUE}
    | (?P<key> -----BEGIN\ [A-Z ]*PRIVATE\ KEY----- ) .*? (?: -----END | $ )
    | (?P<bare> ) (?: \b AKIA[0-9A-Z]{{16}} \b | \b eyJ[\w-]{{8,}}\.[\w-]+(?:\.[\w-]*)? )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

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


def redact(text: str) -> str:
    """Return the text with *** for passwords, tokens, cookies and other secrets.

    What cannot be written as UTF-8 becomes "?".
    """
    text = text.encode("utf-8", "replace").decode()
    return _SECRET.sub(_hide, text) if _may_hold_a_secret(text.lower()) else text


def _may_hold_a_secret(text: str) -> bool:
    """Return whether a text is worth searching for secrets.

    The tests are written out because a loop or a pattern would cost five times as much.
    """
    return (
        "://" in text
        or "pass" in text
        or "pwd" in text
        or "secret" in text
        or "token" in text
        or "key" in text
        or "auth" in text
        or "cookie" in text
        or "bearer" in text
        or "basic" in text
        or "sess" in text
        or "sig" in text
        or "cred" in text
        or "code=" in text
        or "akia" in text
        or "eyj" in text
        or "jwt=" in text
    )


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
    return "://***@" if name == "login" else f"{match[name]}***"
