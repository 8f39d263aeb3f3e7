# The words of the pages and mails in English: the language that every other falls back to.
# A message's name begins with the page it is on. Names of fields in braces stay as they are in every language.

## The frame of every page
title-error = Error
title-step = Step { $step }
progress-step = Step { $step } of { $of }
frame-language = Language
frame-language-change = Change
frame-help = Help and support
frame-cancel = Cancel and sign out
frame-signed-in = Signed in as { $name }
frame-continue = Continue
frame-back = Back
frame-finish-by = Please finish by { $time }.
contact = Contact the help desk

## W0: user name, password
signin-submit = Login
signin-as = Signing in as { $name }
signin-switch = Switch user
name-title = Sign in to { $app }
name-title-portal = Sign in
name-label = User name
name-remember = Remember my user name on this device
name-remember-hint = Leave this off on a computer that others use too.
password-title = Enter your password
password-label = Password
password-show = Show
password-hide = Hide

## Passcode of an authenticator
passcode-title = Enter your passcode
passcode-text = Open your authenticator app and type the passcode it shows now.
passcode-label = Passcode
passcode-hint = { $digits ->
    [one] { $digits } digit
   *[other] { $digits } digits
}
passcode-enrolment-hint = Expecting an enrolment email? Look in your inbox, or ask for help.
passcode-suspended-title = Your authenticator is suspended
passcode-suspended = It can’t be used to sign in until it has been reactivated.

## W1: you need an authenticator
need-title = You need an authenticator
need-text = { $app } asks for a one-time passcode. You don’t have an authenticator yet. Setting one up takes about three minutes.
need-text-portal = A one-time passcode is asked for here. You don’t have an authenticator yet. Setting one up takes about three minutes.
need-list = You need:
need-email = access to your email
need-device = a phone, or this computer
need-submit = Add Authenticator
need-mail = We will send a code to your email address.
need-mail-masked = We will send a code to your email address, { $address }.

## W2: check your email
code-title = Check your email
code-title-failed = We couldn’t send you a code
code-title-blocked = You can’t go on today
code-sent = We sent a code to your email address.
code-sent-masked = We sent a code to { $address }.
code-patience = It can take a minute; look in your spam folder too.
code-newest = Use the newest message, sent at { $time }.
code-valid-until = Its code is valid until { $time }.
code-sending = We are sending a code to your email address. This page tells you when it is on its way.
code-sending-masked = We are sending a code to { $address }. This page tells you when it is on its way.
code-label = Verification code
code-resend = Send a new code
code-resend-wait = You can ask for a new code in { $time }.
code-resend-ready = You can ask for a new code now.
code-retry = Try again
code-no-access = No access to this email?
code-ask-help = We can’t go on here without a code.

## W3, W4: where to install
kind-title = Where do you want to install it?
kind-text = Choose the device that you have at hand whenever you sign in.
device-title = Which device?
choice-mobile = On a mobile device
choice-mobile-hint = iPhone, iPad or Android
choice-ios = iPhone or iPad
choice-ios-hint = iOS or iPadOS
choice-android = Android
choice-android-hint = Phone or tablet
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = Phone
choice-windows-desktop = On This Computer
choice-windows-desktop-hint = Windows 10 or later
device-ios = iPhone or iPad
device-android = Android device
device-windows-mobile = Windows 10 Mobile phone
device-windows-desktop = Windows computer

## W5: put the key into the app
install-title-ios = Set up your iPhone or iPad
install-title-android = Set up your Android device
install-title-windows-mobile = Set up your Windows phone
install-title-windows-desktop = Set up this computer
install-app-ios = Install an authenticator app from the App Store, such as Google Authenticator, Microsoft Authenticator, 2FAS or FreeOTP. The Passwords app that comes with iOS will do as well.
install-app-android = Install an authenticator app from Google Play, such as Google Authenticator, Microsoft Authenticator, Aegis or 2FAS.
install-app-windows-mobile = Install an authenticator app from the Microsoft Store, such as Microsoft Authenticator.
install-app-windows-desktop = Install an authenticator app, such as KeePassXC, or 2fast from the Microsoft Store.
install-add-mobile = In the app, add an account and point the camera at the QR code.
install-add-desktop = In the app, add an account (in KeePassXC: set up TOTP for an entry) and paste the key below.
install-then = The app now shows a passcode of six digits, a new one every 30 seconds. Choose Continue to sign in with it.
install-qr-alt = QR code. If you can’t scan it, use the link or the key on this page.
install-open = Open in the app on this device
install-open-hint = If your authenticator app is on the device that you are reading this on.
install-key = Can’t scan? Type or paste this key:
install-copy = Copy
install-copied = The key has been copied.
install-copy-failed = The key could not be copied. Select it and copy it by hand.
install-account = Account
install-issuer = Issuer
install-type = Type
install-type-value = Time-based, 6 digits, 30 seconds, SHA-1
install-valid-until = Code valid until { $time }.
install-private = Show it to nobody: whoever has it can make your passcodes.
install-new-code = New code
install-new-code-hint = The code above stops working. If it is already in an app, delete that entry there.
install-expired = This code has expired and is no longer shown. Ask for a new one. If you have already added the old one to an app, delete that entry there.

## W7, W8: ready
ready-title = Your authenticator is ready
ready-added = Added: { $device }, { $time }
ready-sign-in = Sign in with it
ready-text = Type the passcode that your authenticator shows now.
ready-back = Show the code again

## The end of a sign-in
ended-cancelled-title = You are signed out
ended-cancelled = The sign-in was cancelled. Nothing was added to your account.
ended-superseded-title = Continued elsewhere
ended-superseded = You went on with this in another browser or on another device. What was shown here is no longer valid.
ended-expired-title = Your sign-in timed out
ended-expired = For your safety a sign-in has to be finished within a limited time.
ended-again = Start again

## Notices
notice-problem = There is a problem
notice-not-accepted = That user name or password isn’t right. Try again.
notice-passcode-not-accepted = Not accepted. Wait for the next passcode and type that one.
notice-clock-hint = Is it refused again and again? Check that the clock of your device is set automatically: passcodes depend on the time.
notice-passcode-used = This passcode has already been used. Wait for the next one.
notice-account-locked = Too many failed tries with this account. Try again after { $time }.
notice-account-locked-way = You can sign in at once with a browser in which you have signed in before. If the tries were not yours, tell the help desk.
notice-locked = Too many failed tries. Try again after { $time }.
notice-code-wrong = { $tries ->
    [one] That code isn’t right. { $tries } try left.
   *[other] That code isn’t right. { $tries } tries left.
}
notice-code-expired = This code has expired. Send a new code.
notice-code-void = Too many wrong codes. Send a new code.
notice-code-limit = Too many codes requested. Try again after { $time }.
notice-code-day-limit = Too many wrong codes today. Come back after { $time }.
notice-no-email = There is no email address on record for you, so no code can be sent. The help desk can add one.
notice-mail-failed = The email could not be sent. Try again; you will get the same code.
notice-code-sent-again = A new code was sent. Earlier codes no longer work.
notice-choose-target = Choose one of the devices.
notice-empty-name = Enter your user name.
notice-empty-password = Enter your password.
notice-empty-passcode = Enter the passcode.
notice-empty-code = Enter the verification code.
notice-stale-form = You had already gone on from there. This is the current step.
notice-no-longer-offered = You can no longer add an authenticator yourself. The help desk can tell you how to get one.

## The portal's start page
start-title = Your applications
start-welcome = Welcome, { $name }
start-empty = There are no applications for you here yet.
start-sign-out = Sign out

## Pages that say one thing
message-status = Error
message-request = Request ID
message-continue = Go to the start page
message-sign-in-again = Sign in again
message-denied-title = You have no access
message-denied = The access policy does not let you in here. If you think it should, ask for access.
message-denied-app = The access policy does not let you into { $app }. If you think it should, ask for access.
message-cross-site-title = This form can’t be accepted
message-cross-site = It did not come from one of our pages, or the page was open for too long. Go back, reload the page and try again.
message-bad-request-title = That didn’t work
message-bad-request = The request could not be understood. Go back and try again.
message-not-found-title = Page not found
message-not-found = There is no page at this address. Check the address, or begin at the start page.
message-method-title = That can’t be done here
message-method = This address does not accept that kind of request.
message-too-large-title = Too large
message-too-large = What was sent is larger than is accepted here.
message-unknown-host-title = Unknown site
message-unknown-host = There is no site of this name here. Check the address.
message-address-waits-title = Your network has to wait
message-address-waits = Too many sign-ins from your network were begun or failed. Try again after { $time }.
message-address-waits-way = With a browser in which you have signed in before you can go on at once.
message-too-many-title = Too many requests
message-too-many = Too many requests came from your network. Wait a minute and try again.
message-upstream-title = The application doesn’t answer
message-upstream = The application can’t be reached just now. Try again in a few minutes.
message-upstream-timeout-title = The application takes too long
message-upstream-timeout = The application did not answer in time. Try again in a few minutes.
message-unavailable-title = Back in a moment
message-unavailable = Sign-in is not available just now. Nothing was changed. Try again in a minute.
message-internal-title = Something went wrong
message-internal = The mistake is ours and has been recorded. Try again; if it happens again, give the help desk the request ID.
message-signed-out-title = You are signed out
message-signed-out = You are signed out of all applications. Close the browser if others use this computer too.
message-dispute-look-title = Was this you?
message-dispute-look = An authenticator was added to your account: { $device }, { $time }.
message-dispute-look-effect = If it wasn’t you, suspend it now. All your sessions will be ended.
message-dispute-look-you = If it was you, just close this page. Nothing changes.
message-dispute-submit = It wasn’t me: suspend it
message-dispute-done-title = The authenticator is suspended
message-dispute-done = It can no longer be used, and all your sessions have been ended. Change your password and tell the help desk what happened.
message-dispute-gone-title = This link no longer works
message-dispute-gone = It has been used before or is older than seven days. If an authenticator is on your account that isn’t yours, tell the help desk at once.

## Mail: the verification code
mail-automatic = This message was sent automatically. Replies to it are not read.
mail-sent = Sent { $time }.
mail-code-subject = Your verification code for { $brand }
mail-code-title = Your verification code
mail-code-intro = You are adding an authenticator to your account. Type this code on the page that asks for it:
mail-code-intro-app = You are adding an authenticator to your account, in order to sign in to { $app }. Type this code on the page that asks for it:
mail-code-valid = { $minutes ->
    [one] The code is valid for { $minutes } minute, once, and only in the browser in which you asked for it.
   *[other] The code is valid for { $minutes } minutes, once, and only in the browser in which you asked for it.
}
mail-code-never = Nobody will ever ask you for this code, neither by phone nor by email. Do not pass it on.
mail-code-not-you = If you didn’t ask for it, do nothing: without this code nothing is added to your account. Tell the help desk if it happens again.

## Mail: an authenticator was added
mail-notice-subject = An authenticator was added to your account at { $brand }
mail-notice-title = An authenticator was added to your account
mail-notice-intro = From now on it can be used to sign in at { $brand } with your user name.
mail-notice-device = Device
mail-notice-when = Time
mail-notice-address = Network address
mail-notice-you = If this was you, there is nothing to do.
mail-notice-not-you = Not you? Open this link and confirm. The authenticator is suspended at once and all your sessions are ended.
mail-notice-button = It wasn’t me
mail-notice-valid = The link works once, within seven days.
