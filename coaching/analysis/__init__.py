"""Pure methods of coaching, by noun: figures in, values out."""
