"""One plot, from a JSON file of named series to a PNG: `python -m support.plots content.json image.png`."""

import json
import sys
from pathlib import Path


def main() -> None:
    """Draw it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    content = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    figure, axes = plt.subplots(figsize=(7, 4), dpi=120, layout="constrained")
    for (name, points), color in zip(content["points"].items(), ("#0f6fde", "#b0413e", "#777777"), strict=False):
        axes.plot(*zip(*points, strict=True), marker="o", label=name, color=color)
    axes.set(xlabel=content["x"], ylabel=content["y"], title=content["title"])
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if len(content["points"]) > 1:
        axes.legend(frameon=False)
    figure.savefig(sys.argv[2])


if __name__ == "__main__":
    main()
