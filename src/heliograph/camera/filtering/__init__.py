"""What is taken out of a packet before it leaves anything behind. It reads no clock."""
