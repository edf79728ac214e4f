"""What packets leave behind per pixel. Time comes in as an argument, never a clock."""
