from django.urls import path

from sales.views import accounts, activities, deals, orders

urlpatterns = [
    path("activities/", activities.activities, name="activities"),
    path("activities/log/", activities.log, name="activity-log"),
    path("activities/<int:pk>/", activities.activity, name="activity"),
    path("activities/<int:pk>/withdraw/", activities.activity_withdraw, name="activity-withdraw"),
    path("activities/<int:pk>/restore/", activities.activity_restore, name="activity-restore"),
    path("deals/", deals.deals, name="deals"),
    path("deals/board/", deals.board, name="deal-board"),
    path("deals/add/", deals.add, name="deal-add"),
    path("deals/<int:pk>/", deals.deal, name="deal"),
    path("deals/<int:pk>/move/", deals.move, name="deal-move"),
    path("deals/<int:pk>/win/", deals.win, name="deal-win"),
    path("deals/<int:pk>/lose/", deals.lose, name="deal-lose"),
    path("deals/<int:pk>/reopen/", deals.reopen, name="deal-reopen"),
    path("deals/<int:pk>/change/", deals.change, name="deal-change"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/add/", accounts.add, name="account-add"),
    path("accounts/options/", accounts.options, name="account-options"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("accounts/<int:pk>/change/", accounts.change, name="account-change"),
    path("accounts/<int:pk>/contacts/", accounts.contact_add, name="contact-add"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<int:pk>/", orders.order, name="order"),
    path("orders/<int:pk>/refund/", orders.refund, name="order-refund"),
    path("orders/<int:pk>/cancel/", orders.cancel, name="order-cancel"),
    path("orders/<int:pk>/share/", orders.share, name="order-share"),
]
