"""Steps that fail, as attempts on the record of every product whose turn does not come for that."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import dagster as dg

from mesh_defs.model import DataProduct, MeshError
from mesh_defs.orchestration.dbt_project import product_models
from mesh_defs.orchestration.site import Site
from mesh_defs.publishing.record import note_stopped
from mesh_defs.storage.workshop import workshop_lock


@contextmanager
def attempted(
    site: Site, context: dg.AssetExecutionContext, products: Collection[DataProduct]
) -> Iterator[None]:
    """If what is done inside fails, so has this run's attempt at each of the products it makes."""
    try:
        yield
    except Exception:
        wanted = context.run.asset_selection  # of a run of everything, none
        for product in products:
            key = dg.AssetKey(site.product_key(product.ref.product))
            if not wanted or key in wanted:
                _note(site, product, context)
        raise


def resting_on(site: Site, made: Collection[str]) -> list[DataProduct]:
    """The products that rest on any of these models or, as lineage writes them, sources."""
    found = []
    for product in site.room.products.values():
        models = site.project.closure(product_models(site.room, product.ref))
        if set(made) & (models | site.project.sources_of(models)):
            found.append(product)
    return found


def _note(site: Site, product: DataProduct, context: dg.AssetExecutionContext) -> None:
    sources = site.project.sources_of(product_models(site.room, product.ref))
    try:
        with workshop_lock(site.state, site.name):
            note_stopped(site.state, product, sources, context.run.run_id, site.domain.file.as_of)
    except MeshError as error:  # a spoiled record must not hide what went wrong
        context.log.warning(str(error))
