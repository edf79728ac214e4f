"""One file a dialect. Values in, values out: nothing here awaits, opens or logs.

The canonical request and answer are OpenAI's chat completions; a dialect writes
the upstream request from a `Chat` and reads the upstream answer back into the
caller's bytes. Decoders never raise: what cannot be read is a `Failure`.
"""
