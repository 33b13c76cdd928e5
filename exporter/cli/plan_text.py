"""An estimate flows in, text flows out."""

from exporter.estimates.cost import Cost, Estimate


def estimate_text(found: Estimate) -> str:
    """Return an estimate in lines."""
    days = "every day" if found.days is None else f"{len(found.days)} days ({found.days[0]} to {found.days[-1]})"
    query = found.costs[0]
    lines = [
        f"{found.dataset}: {days} of {', '.join(found.partition_values)} from {found.index}",
        f"  items       about {found.items:,}, for which {found.items_read:,} are read",
        f"  read units  about {query.read_units or 0.0:,.1f}",
        f"  price       about {_dollars(query.dollars)}",
        f"  time        {_minutes(query.minutes)}",
        "",
        f"  {'way':<13} {'read units':>14} {'dollars':>12} {'minutes':>8}",
        *(_line(cost) for cost in found.costs),
        "",
        *(f"  from: {basis}" for basis in found.basis),
        *(f"  warning: {warning}" for warning in found.warnings),
    ]
    assumed = found.assumptions
    prices = (
        f"${assumed.dollars_per_million_read_units:g} per million read units, "
        f"${assumed.dollars_per_exported_gb:g} per exported GB"
    )
    sampled = f"{found.sampled_pages} pages for {found.sampled_units:,.1f} read units"
    lines += [
        f"  assumed: {prices} (on-demand, us-east-1, November 2024; options change both)",
        f"  this estimate read {sampled}, and changed nothing",
    ]
    return "\n".join(lines)


def _line(cost: Cost) -> str:
    units = "-" if cost.read_units is None else f"{cost.read_units:,.1f}"
    minutes = "-" if cost.minutes is None else f"{cost.minutes:,.1f}"
    return f"  {cost.way:<13} {units:>14} {_dollars(cost.dollars):>12} {minutes:>8}  {cost.remark}"


def _dollars(amount: float | None) -> str:
    if amount is None:
        return "-"
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.6f}"


def _minutes(minutes: float | None) -> str:
    return "unknown" if minutes is None else "under a minute" if minutes < 1 else f"about {minutes:,.0f} minutes"
