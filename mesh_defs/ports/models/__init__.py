"""The model port: a product in, an ONNX model and its card out."""
