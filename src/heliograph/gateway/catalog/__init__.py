"""What is known of models: limits and abilities, each with its source and date."""
