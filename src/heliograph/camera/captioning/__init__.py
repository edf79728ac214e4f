"""Which track is shown to a model, when, as what picture, and what came back."""
