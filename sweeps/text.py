"""Values as people read them, on a terminal and on a page."""


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


def counted(number: int, one: str, several: str = "") -> str:
    """A number of things; their plural is given where an s does not make it.

    >>> counted(1, "row"), counted(0, "trial"), counted(3000, "study", "studies")
    ('1 row', '0 trials', '3,000 studies')
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def clock(seconds: float) -> str:
    """Minutes and seconds, or hours too.

    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
