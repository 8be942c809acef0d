"""From predictions to tables: metrics, their uncertainty, baselines that learn nothing deep."""
