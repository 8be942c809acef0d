"""What a teacher takes from the course: assignments to be graded, a bank of questions, slides."""
