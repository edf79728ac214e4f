"""How good a detector is: on labels, on what is empty, and in pictures.

Beside the halves, above labelled recordings: it asks the camera's detectors what they
find, as a watch would, and nothing of ours asks it but the command line.
"""
