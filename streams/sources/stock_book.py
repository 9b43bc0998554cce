"""The newest snapshot of every SKU, in memory: what may be promised, and in which version."""

from schemas.models.desired_stock import DesiredStock


class StockBook:
    """`streams.runtime.reference_table.Rows`: of a SKU the snapshot with the highest version."""

    def __init__(self) -> None:
        self._rows: dict[str, DesiredStock] = {}

    def get(self, sku: str) -> DesiredStock | None:
        return self._rows.get(sku)

    def put(self, key: str, model: DesiredStock) -> None:  # noqa: ARG002  the model has the shop's SKU, the key too
        known = self._rows.get(model.sku)
        if known is None or (known.epoch, known.counter) <= (model.epoch, model.counter):
            self._rows[model.sku] = model

    def drop(self, key: str) -> None:
        self._rows.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)


def promisable(stock: DesiredStock) -> int:
    """Before the shop's own open orders; what an older release wrote says it less exactly."""
    if stock.promisable is not None:
        return stock.promisable
    return sum(source.quantity for source in stock.sources)
