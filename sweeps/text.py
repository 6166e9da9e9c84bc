"""Values, counts, durations and sizes as people read them, on a terminal and on a page."""

import math

#: Decimals at most, however small an error is.
LONGEST = 9


def as_text(value: object, missing: str = "-") -> str:
    """One value: numbers to two decimals, small ones to three significant digits.

    >>> as_text(None), as_text(float("nan"), "none"), as_text(float("inf")), as_text(40)
    ('-', 'none', 'inf', '40')
    >>> as_text(1234.5678), as_text(10000.0), as_text(0.0), as_text(0.0001234)
    ('1,234.57', '10,000', '0', '0.000123')
    """
    if value is None or value != value:
        return missing
    if isinstance(value, float):
        if value.is_integer():
            return f"{value:,.0f}"
        return f"{value:,.2f}" if abs(value) >= 0.1 else f"{value:.3g}"
    return str(value)


def with_error(mean: float, error: float, missing: str = "-") -> str:
    """A mean and its standard error, to the error's second digit; without one the mean alone.

    >>> with_error(31.6123, 0.4231), with_error(0.07391, 0.00052), with_error(1234.5, 61.2)
    ('31.61 ± 0.42', '0.07391 ± 0.00052', '1,234 ± 61')
    >>> with_error(31.6123, float("nan")), with_error(float("nan"), 0.1), with_error(-2.0, 0.0)
    ('31.61', '-', '-2 ± 0')
    """
    if not (math.isfinite(mean) and math.isfinite(error)):
        return as_text(mean, missing)
    if error <= 0:
        return f"{as_text(mean)} ± 0" if mean else "0"
    digits = min(max(1 - math.floor(math.log10(error)), 0), LONGEST)
    return f"{mean:,.{digits}f} ± {error:,.{digits}f}"


def setting(value: object, missing: str = "-") -> str:
    """The value of a trial's field: numbers so that neighbours stay apart, without commas.

    >>> setting(0.125), setting(4.0), setting(5e-05), setting(10000), setting(None), setting(True)
    ('0.125', '4', '5e-05', '10000', '-', 'true')
    """
    if value is None or value != value:
        return missing
    if str(value) in ("True", "False"):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
    return str(value)


def counted(number: int, one: str, several: str = "") -> str:
    """A number of things; their plural is given where an s does not make it.

    >>> counted(1, "row"), counted(0, "trial"), counted(3000, "study", "studies")
    ('1 row', '0 trials', '3,000 studies')
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def duration(seconds: float) -> str:
    """A time in its two largest units.

    >>> duration(0.2), duration(75), duration(600), duration(9000), duration(190_000)
    ('under a second', '1 min 15 s', '10 min', '2 h 30 min', '2 d 4 h')
    """
    if seconds < 1:
        return "under a second"
    left, parts = round(seconds), []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        parts.append((number, unit))
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number)


def memory(size: float) -> str:
    """Bytes in the unit that suits them, of powers of 1000.

    >>> memory(256), memory(256_384), memory(10.4e6), memory(2.31e9)
    ('256 B', '256 kB', '10 MB', '2.3 GB')
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.1f} {units[0]}" if units[0] in ("GB", "TB") else f"{size:.0f} {units[0]}"
