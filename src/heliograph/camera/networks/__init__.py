"""Networks in ONNX files: how one is read, and how one is run."""
