"""An event-camera simulator: a street with people and cars, a threshold sensor."""
