def main(name):
    """The first letters of a name's words; None for none."""
    return "".join(word[0] for word in name.split()) if name else None
