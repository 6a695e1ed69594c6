"""Numeric methods of coaching: values in, values out."""
