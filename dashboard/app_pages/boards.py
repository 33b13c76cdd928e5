"""The board of the address flows in, its cards flow out; without one, the list of boards."""

from dashboard.ui.boards.address import board_in_address
from dashboard.ui.boards.board_list import board_list
from dashboard.ui.boards.open_board import open_board
from dashboard.ui.page import cached_service

service = cached_service.service()
board_id = board_in_address()
if board_id is None:
    board_list(service)
else:
    open_board(service, board_id)
