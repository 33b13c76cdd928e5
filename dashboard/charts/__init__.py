"""Names of drawings flow in, Altair charts flow out: what Vega draws in the browser once it has a board's figures.

A drawing has no figures: rows of the data set `marks` (or `parts`) and parameters come with every click, and nothing
else does. Add one by a function with `@drawing` that returns `alt.Chart`, in a module that `registry` imports.
"""
