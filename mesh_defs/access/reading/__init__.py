"""Reading published products: who may, which snapshot, which columns and rows. The only way.

`rights` decides, `library` finds, `rows` reads a product, `questions` runs SQL, `audit` puts down.
"""

from mesh_defs.access.reading.questions import reader

__all__ = ["reader"]
