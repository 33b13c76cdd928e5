"""A person's alerts and reports flow in, the page Alerts and reports flows out."""

from dashboard.ui.notices.notice_list import notice_list
from dashboard.ui.page import cached_service

notice_list(cached_service.service())
