"""What an exchange does from the trigger on, step by step."""
