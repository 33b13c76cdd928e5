"""Alerts and reports of the datasets flow in, mails and webhook messages flow out, each once per occasion."""
