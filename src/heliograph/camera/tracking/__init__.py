"""Boxes that go on existing, through a pause too. Time comes in as an argument."""
