"""The exporter's innermost loop in C: regular pages to the buffers of Arrow columns, and hashes of keys.

It only saves time: it declines every page that is not regular. Without it each page is read by
`exporter.decoding.page` and `exporter.decoding.columns` with the same result. `build` compiles it, `library` calls it.
"""
