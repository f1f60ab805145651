"""Growth: the code location of this domain; everything it holds is found by the platform."""

from mesh_defs import domain_location

defs = domain_location(__file__)
