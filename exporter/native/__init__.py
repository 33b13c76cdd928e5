"""The exporter's innermost loop in C: regular pages to the buffers of Arrow columns, and hashes of keys.

An accelerator and nothing else: it declines whatever is not regular, and without it every page is read by
`exporter.decoding.page` and `exporter.decoding.columns` with the same result. `build` compiles it, `library` calls it.
"""
