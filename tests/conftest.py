"""What holds for every test.

Hypothesis draws the same examples each time, so that `main` is as green tomorrow as it
was today; `--hypothesis-profile=explore` draws new ones, to look for more.
"""

from hypothesis import settings

settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False, max_examples=1000)
settings.load_profile("steady")
