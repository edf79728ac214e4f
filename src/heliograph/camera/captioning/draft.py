"""A job before its picture is drawn: what it is drawn of, and from what it is told."""

from dataclasses import dataclass, replace

from heliograph.camera.captioning.montage import montage
from heliograph.camera.captioning.prompt import Asking, prompt_for
from heliograph.camera.captioning.sight import Grey, Sight
from heliograph.camera.config.captioning import PictureForm
from heliograph.camera.types import CaptionJob, Packet


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A *job* whose picture and prompt are still to be made, of the *sight*.

    `moments` are shown below, the earliest first. `events` hold what happened just
    before, where a network is to make a picture of it.
    """

    job: CaptionJob
    sight: Sight
    asking: Asking
    moments: tuple[Sight, ...] = ()
    form: PictureForm = "png"
    events: tuple[Packet, ...] = ()

    def finished(self, reckoned: Grey | None = None) -> CaptionJob:
        """Return the job with its picture and prompt.

        *reckoned* is the track up close as a network made it out, if one did.
        """
        job, sight = self.job, self.sight
        return replace(
            job,
            png=montage(sight, moments=self.moments, form=self.form, reckoned=reckoned),
            prompt=prompt_for(
                job.track,
                self.asking,
                wide=sight.is_wide,
                reckoned=reckoned is not None,
                zones=job.zones,
                happened=job.happened,
            ),
        )
