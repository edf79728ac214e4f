"""The detector's recipe: labelled windows in, an int8 network out.

Only `network`, `loss` and `loop` import torch, which the extra `train` brings.
"""
