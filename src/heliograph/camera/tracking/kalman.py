"""A Kalman filter of constant velocity along one axis, in plain floats.

Two of them make a box's centre. With so few numbers, plain floats are faster than
arrays. Model: white acceleration noise, discretised exactly (Bar-Shalom, Li,
Kirubarajan, "Estimation with Applications to Tracking and Navigation", 6.3.2).
"""


class Axis:
    """Position (px) and velocity (px/s) along one axis, with their covariance.

    *position_sigma_px* is the error of the measurement, *velocity_sigma_px_s* what a
    thing seen for the first time may move at, *acceleration_sigma_px_s2* how much it
    may change its mind.
    """

    def __init__(
        self,
        position: float,
        *,
        position_sigma_px: float,
        velocity_sigma_px_s: float,
        acceleration_sigma_px_s2: float,
    ) -> None:
        self.position = position
        self.velocity = 0.0
        self._accelerated = acceleration_sigma_px_s2**2
        self._pp = position_sigma_px**2
        self._pv = 0.0
        self._vv = velocity_sigma_px_s**2

    def predict(self, dt_s: float) -> None:
        """Move on by *dt_s*."""
        self.position += self.velocity * dt_s
        noise = self._accelerated * dt_s
        self._pp += dt_s * (2 * self._pv + dt_s * self._vv) + noise * dt_s**2 / 3
        self._pv += dt_s * self._vv + noise * dt_s / 2
        self._vv += noise

    def correct(self, position: float, *, position_sigma_px: float) -> None:
        """Take in a measured *position*."""
        total = self._pp + position_sigma_px**2
        gain_p, gain_v = self._pp / total, self._pv / total
        missed = position - self.position
        self.position += gain_p * missed
        self.velocity += gain_v * missed
        self._vv -= gain_v * self._pv
        self._pv -= gain_p * self._pv
        self._pp -= gain_p * self._pp

    def rest(self, *, velocity_sigma_px_s: float) -> None:
        """Stand still: what it moves at next is as open as at first sight."""
        self.velocity = 0.0
        self._pv = 0.0
        self._vv = velocity_sigma_px_s**2
