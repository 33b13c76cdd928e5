"""Values of every type of DynamoDB, hostile texts and names among them."""

NAMES = ("plain", "with space", 'quo"te', "Ümlaut", "a.b", "line\nfeed", "year", "SELECT", "x" * 200)
HOSTILE = ("", "\n", '"', "\\", '}\n{"Item":', "\u2028", "ü😀", "null")
NUMBERS = ("0", "-0", "1E+1", "0.1", "123456789012345678901234567890.12345678", "1E-130", "9" * 38)


def value_of(chance):
    """A value of any DynamoDB type."""
    number, text = chance.choice(NUMBERS), chance.choice(HOSTILE)
    return chance.choice(
        [
            {"S": text}, {"N": number}, {"BOOL": chance.random() < 0.5}, {"NULL": True}, {"B": b"\x00\xff\n"},
            {"M": {text or "k": {"N": number}, "l": {"L": [{"S": text}, {"NULL": True}]}}}, {"L": []},
            {"SS": ["a", text or "b"]}, {"NS": ["1", "2.50"]}, {"BS": [b"\x01"]},
        ]
    )  # fmt: skip
