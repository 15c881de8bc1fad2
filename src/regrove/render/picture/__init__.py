"""Pictures that need nothing: small drawings in SVG, without script, extra or font, dark in the dark.

They stand on alerts and in tables, are stored as objects, and are read back only when they hold nothing but what this
package draws.
"""
