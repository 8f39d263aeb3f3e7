# نصوص الصفحات والرسائل بالعربية.

## إطار كل صفحة
title-error = خطأ
title-step = الخطوة { $step }
progress-step = الخطوة { $step } من { $of }
frame-language = اللغة
frame-language-change = تغيير
frame-help = المساعدة والدعم
frame-cancel = إلغاء وتسجيل الخروج
frame-cancel-own = إلغاء
frame-signed-in = تم تسجيل الدخول باسم { $name }
frame-continue = متابعة
frame-back = رجوع
frame-finish-by = يُرجى الانتهاء قبل { $time }.
contact = الاتصال بمكتب المساعدة
contact-at = الاتصال بمكتب المساعدة: { $contact }

## W0: اسم المستخدم وكلمة المرور
signin-submit = تسجيل الدخول
signin-as = تسجيل الدخول باسم { $name }
signin-switch = تبديل المستخدم
name-title = تسجيل الدخول إلى { $app }
name-title-portal = تسجيل الدخول
name-label = اسم المستخدم
name-remember = تذكّر اسم المستخدم على هذا الجهاز
name-remember-hint = لا تحدّد هذا الخيار على حاسوب يستخدمه آخرون أيضًا.
password-title = أدخِل كلمة المرور
password-label = كلمة المرور
password-show = إظهار
password-hide = إخفاء

## رمز المرور من تطبيق المصادقة
passcode-title = أدخِل رمز المرور
passcode-title-requests = وافِق على جهازك
passcode-text = افتح تطبيق المصادقة وأدخِل رمز المرور الذي يعرضه الآن.
passcode-label = رمز المرور
passcode-hint = { $digits ->
    [zero] بلا أرقام
    [one] رقم واحد
    [two] رقمان
    [few] { $digits } أرقام
    [many] { $digits } رقمًا
   *[other] { $digits } رقم
}
passcode-text-requests = تطبيق المصادقة لديك يجيب عن الطلبات ولا يعرض رموز مرور. إن لم يكن في متناولك، يستطيع مكتب المساعدة أن يعطيك رمز مرور مؤقتًا تُدخله هنا.
passcode-hint-requests = رمز مرور مؤقت من مكتب المساعدة
passcode-text-challenge = أدخل التحدّي في تطبيق المصادقة ثم اكتب رمز المرور الذي يجيب به.
passcode-hint-pin-prepend = رقمك السري (PIN) تليه مباشرة الأرقام الـ{ $digits }
passcode-hint-pin-append = الأرقام الـ{ $digits } يليها مباشرة رقمك السري (PIN)
passcode-hint-pin-perhaps = الأرقام الـ{ $digits } مع رقمك السري (PIN)، إن كان لتطبيق المصادقة رقم سري
passcode-recovery = ليس تطبيق المصادقة في متناولك؟ يمكنك كتابة أحد رموز الاسترداد بدلًا من رمز المرور.
challenge-label = التحدّي
challenge-hint = صالح لدقيقتين ولمرة واحدة.
challenge-over = انتهت صلاحية هذا التحدّي.
challenge-new = تحدٍّ جديد
new-pin-title = اختر رقمًا سريًّا (PIN) جديدًا
new-pin-text = الرقم السري الذي استخدمته لم تختره أنت، أو انتهت مدته. من الآن فصاعدًا تكتب الجديد مع كل رمز مرور.
new-pin-rule-length = من { $min } إلى { $max } محارف
new-pin-rule-decimal = أرقام أو حروف لاتينية
new-pin-rule-strong = حرف كبير وحرف صغير ورقم واحد على الأقل
new-pin-rule-trivial = ليس تسلسلًا مثل 1234 أو 2222
new-pin-label = الرقم السري (PIN) الجديد
new-pin-again = الرقم نفسه مرة أخرى
new-pin-submit = حفظ الرقم السري وتسجيل الدخول
passcode-enrolment-hint = هل تنتظر رسالة تسجيل؟ تحقّق من صندوق الوارد أو اطلب المساعدة.
passcode-suspended-title = تطبيق المصادقة الخاص بك موقوف
passcode-suspended = لا يمكن استخدامه لتسجيل الدخول إلى أن تُعاد إتاحته.
passcode-suspended-instead = لا يزال بإمكانك تسجيل الدخول بأحد رموز الاسترداد أو برمز مرور مؤقت من مكتب المساعدة.
passcode-stand-in-label = رمز الاسترداد أو رمز المرور المؤقت

## طلب إلى جهاز المستخدم
push-send = إرسال طلب إلى هاتفي
push-or-code = أو برمز
push-or = أو برمز مرور
push-sent = أُرسل طلب إلى جهازك. افتحه هناك.
push-by-hand = افتح التطبيق على جهازك: ينتظرك فيه طلب. لا يمكن تنبيه جهازك تلقائيًا.
push-enter = أدخِل { $number } في التطبيق.
push-until = ينتهي الطلب في { $time }.
push-left = يتبقّى { $time }
push-cancel = إلغاء الطلب
push-approved = تمت الموافقة على الطلب.
push-pin = رقمك السري (PIN)
push-pin-hint = يلزم مع الطلب الذي وافقت عليه.
passkey-title = استخدم مفتاح المرور
passkey-text = يُطلب هنا مفتاح المرور الخاص بك: يتحقّق جهازك من أنك أنت، بقفله أو بإصبعك أو بوجهك.
passkey-use = استخدام مفتاح مرور
passkey-or = أو بتطبيق المصادقة
passkey-failed = لم يستخدم المتصفّح أي مفتاح مرور. حاول مرة أخرى.
passkey-known = يوجد لك مفتاح مرور على هذا الجهاز بالفعل.
passkey-none = لا يدعم هذا المتصفّح مفاتيح المرور. جرّب متصفّحًا آخر.
passkey-script = تحتاج مفاتيح المرور إلى متصفّح فُعِّل فيه JavaScript.
push-off = لا يمكن إرسال طلب إلى جهازك قبل { $time }.

## W1: تحتاج إلى تطبيق مصادقة
need-title = تحتاج إلى تطبيق مصادقة
need-text = يطلب { $app } رمز مرور لمرة واحدة. ليس لديك تطبيق مصادقة بعد. يستغرق إعداده نحو ثلاث دقائق.
need-text-portal = يُطلب هنا رمز مرور لمرة واحدة. ليس لديك تطبيق مصادقة بعد. يستغرق إعداده نحو ثلاث دقائق.
need-list = ستحتاج إلى:
need-email = الوصول إلى بريدك الإلكتروني
need-device = هاتف، أو هذا الحاسوب
need-submit = إضافة تطبيق مصادقة
need-mail = سنرسل رمزًا إلى عنوان بريدك الإلكتروني.
need-mail-masked = سنرسل رمزًا إلى عنوان بريدك الإلكتروني { $address }.
need-later-submit = لاحقًا
need-later = يمكنك تأجيل ذلك حتى نهاية يوم { $day }. بعد ذلك اليوم لا يمكنك المتابعة هنا من دون تطبيق مصادقة.
need-instead = تسجيل الدخول برمز استرداد أو برمز مرور مؤقت بدلًا من ذلك

## إثبات إضافي عندما تطلبه قاعدة
approval-title-none = يلزم الحصول على موافقة
approval-title-asked = في انتظار الموافقة
approval-title-approved = تمت الموافقة على طلبك
approval-title-refused = رُفض طلبك
approval-none = قبل أن تتمكّن من إضافة تطبيق مصادقة، يجب أن يوافق أحد المسؤولين على ذلك. اطلب الموافقة هنا.
approval-ask = طلب الموافقة
approval-asked = لم يُبَتّ في طلبك بعد. ستخبرك هذه الصفحة عند البتّ فيه.
approval-asked-close = يمكنك أيضًا إغلاق هذه الصفحة. عند الموافقة على طلبك تصلك رسالة بالبريد الإلكتروني، ثم تتابع بتسجيل الدخول مرة أخرى.
approval-asked-until = طلبك صالح حتى { $time }. بعد ذلك يمكنك تقديم طلب جديد.
approval-look = التحقّق مرة أخرى
approval-hurry = هل الأمر عاجل؟
approval-approved = يمكنك الآن إضافة تطبيق المصادقة.
approval-approved-until = الموافقة صالحة حتى { $time }.
approval-refused = لا يمكنك إضافة تطبيق مصادقة الآن.
approval-reason = السبب المذكور: { $reason }
approval-refused-until = يمكنك تقديم طلب جديد بعد { $time }.
approval-refused-ask = هل تعتقد أن في الأمر خطأ؟
help-desk-title = أدخِل رمز مكتب المساعدة
help-desk-text = قبل أن تتمكّن من إضافة تطبيق مصادقة، يجب أن يتأكّد مكتب المساعدة من هويتك. بعد ذلك يعطيك رمزًا.
help-desk-label = رمز مكتب المساعدة
help-desk-hint = ثمانية محارف، صالح ليوم واحد ولمرة واحدة

## W2: تحقّق من بريدك
code-title = تحقّق من بريدك الإلكتروني
code-title-failed = تعذّر إرسال رمز إليك
code-title-blocked = لا يمكن المتابعة اليوم
code-sent = أرسلنا رمزًا إلى عنوان بريدك الإلكتروني.
code-sent-masked = أرسلنا رمزًا إلى { $address }.
code-patience = قد يستغرق وصوله دقيقة؛ تحقّق من مجلد الرسائل غير المرغوب فيها أيضًا.
code-newest = استخدم أحدث رسالة، المُرسَلة عند { $time }.
code-valid-until = الرمز الذي فيها صالح حتى { $time }.
code-sending = نرسل الآن رمزًا إلى عنوان بريدك الإلكتروني. ستخبرك هذه الصفحة عند إرساله.
code-sending-masked = نرسل الآن رمزًا إلى { $address }. ستخبرك هذه الصفحة عند إرساله.
code-label = رمز التحقّق
code-resend = إرسال رمز جديد
code-resend-wait = يمكنك طلب رمز جديد بعد { $time }.
code-resend-ready = يمكنك الآن طلب رمز جديد.
code-retry = إعادة المحاولة
code-no-access = لا يمكنك الوصول إلى هذا البريد؟
code-ask-help = لا يمكن المتابعة هنا من دون رمز.

## W3 وW4: مكان التثبيت
kind-title = أين تريد تثبيته؟
kind-text = اختر الجهاز الذي يكون في متناولك كلما سجّلت الدخول.
device-title = أيّ جهاز؟
choice-mobile = على جهاز محمول
choice-mobile-hint = ‏iPhone أو iPad أو Android
choice-ios = ‏iPhone أو iPad
choice-ios-hint = ‏iOS أو iPadOS
choice-android = Android
choice-android-hint = هاتف أو جهاز لوحي
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = هاتف
choice-windows-desktop = على هذا الحاسوب
choice-windows-desktop-hint = ‏Windows 10 أو أحدث
device-ios = ‏iPhone أو iPad
device-android = جهاز Android
device-windows-mobile = هاتف Windows 10 Mobile
device-windows-desktop = حاسوب Windows

## W5: إدخال المفتاح في التطبيق
install-title-ios = إعداد iPhone أو iPad
install-title-android = إعداد جهاز Android
install-title-windows-mobile = إعداد هاتف Windows
install-title-windows-desktop = إعداد هذا الحاسوب
install-app-ios = ثبّت تطبيق مصادقة من App Store، مثل Google Authenticator أو Microsoft Authenticator أو 2FAS أو FreeOTP. ويصلح كذلك تطبيق «كلمات السر» المرفق مع iOS.
install-app-android = ثبّت تطبيق مصادقة من Google Play، مثل Google Authenticator أو Microsoft Authenticator أو Aegis أو 2FAS.
install-app-windows-mobile = ثبّت تطبيق مصادقة من Microsoft Store، مثل Microsoft Authenticator.
install-app-windows-desktop = ثبّت تطبيق مصادقة، مثل KeePassXC، أو 2fast من Microsoft Store.
install-add-mobile = أضِف حسابًا في التطبيق ووجّه الكاميرا نحو رمز QR.
install-add-desktop = أضِف حسابًا في التطبيق (في KeePassXC: اضبط TOTP لأحد الإدخالات) والصق المفتاح الوارد أدناه.
install-then-time = يعرض التطبيق الآن رمز مرور من { $digits } أرقام، ويتغيّر كل { $seconds } ثانية. اختر «متابعة» وأدخله في الصفحة التالية.
install-then-event = يعرض التطبيق الآن رمز مرور من { $digits } أرقام، ورمزًا آخر كلما طلبته. اختر «متابعة» وأدخله في الصفحة التالية.
install-then-question = أصبح التطبيق جاهزًا للإجابة عن الأسئلة برمز مرور من { $digits } أرقام. اختر «متابعة»: تطرح الصفحة التالية سؤالًا.
install-app-question = افتح تطبيق مصادقة يستطيع الإجابة عن الأسئلة (OCRA). يعرف مكتب المساعدة أيّها يُستخدم هنا.
install-add-question = أعطه المفتاح أدناه أو الرابط.
install-qr-alt = رمز QR. إذا تعذّر مسحه فاستخدم الرابط أو المفتاح في هذه الصفحة.
install-open = الفتح في التطبيق على هذا الجهاز
install-open-hint = إذا كان تطبيق المصادقة على الجهاز الذي تقرأ عليه هذه الصفحة.
install-key = تعذّر المسح؟ اكتب هذا المفتاح أو الصقه:
install-copy = نسخ
install-copied = تم نسخ المفتاح.
install-copy-failed = تعذّر نسخ المفتاح. حدّده وانسخه يدويًا.
install-account = الحساب
install-issuer = جهة الإصدار
install-type = النوع
install-type-time = حسب الوقت، { $digits } أرقام، { $seconds } ثانية، SHA-1
install-type-event = حسب العدّاد، { $digits } أرقام، SHA-1
install-type-question = تحدٍّ واستجابة، OCRA-1:HOTP-SHA1-{ $digits }:QN08
install-valid-until = الرمز صالح حتى { $time }.
install-private = لا تُظهره لأحد: من يملكه يستطيع توليد رموز المرور الخاصة بك.
install-new-code = رمز جديد
install-new-code-hint = سيتوقف الرمز أعلاه عن العمل. إذا كان مضافًا إلى تطبيق فاحذف ذلك الإدخال منه.
install-expired = انتهت صلاحية هذا الرمز ولم يعد معروضًا. اطلب رمزًا جديدًا. إذا سبق أن أضفت القديم إلى تطبيق فاحذف ذلك الإدخال منه.

## W5 وW6: تطبيق المصادقة الخاص بنا
activate-part-install = 1. تثبيت التطبيق
activate-part-activate = 2. تنشيط التطبيق
activate-get = ثبّت التطبيق:
activate-store-ios = App Store
activate-store-android = Google Play
activate-store-windows-mobile = Microsoft Store
activate-store-windows-desktop = Microsoft Store
activate-installer = تنزيل برنامج التثبيت
activate-page = فتح صفحة التثبيت
activate-there-mobile = التطبيق موجود على جهازك من قبل. افتحه.
activate-there-desktop = افتح التطبيق على هذا الحاسوب. فهو مثبَّت من قبل.
activate-install-scan = أو وجّه كاميرا جهازك نحو هذا الرمز. يوصلك إلى التطبيق ولا ينشّط شيئًا بعد.
activate-install-qr-alt = رمز QR يوصلك إلى التطبيق. يمكنك استخدام الرابط أعلاه بدلًا منه.
activate-install-next = عندما يصبح التطبيق على جهازك، تعرض لك الصفحة التالية ما ينشّطه.
activate-installed = التالي: ثبّتُّ التطبيق
activate-scan-ios = وجّه كاميرا iPhone أو iPad نحو هذا الرمز وافتح الرابط. ثبّت التطبيق إذا طُلب منك ذلك؛ سيُفتح ويبدأ من تلقاء نفسه.
activate-scan-android = وجّه كاميرا جهاز Android نحو هذا الرمز، أو امسحه في التطبيق.
activate-scan-windows-mobile = امسح هذا الرمز بهاتفك وافتح الرابط.
activate-compare = ارجع بعد ذلك إلى هنا: يظهر رقم على الشاشتين، فأخبرنا هل هو نفسه.
activate-qr-alt = رمز QR؛ يمكنك استخدام الرابط أو الرمز النصي أدناه بدلًا منه
activate-no-scan = تعذّر المسح؟
activate-link = فتح الرابط على هذا الجهاز
activate-type = افتح التطبيق بنفسك، واختر كتابة رمز، ثم أدخِل ما يلي:
activate-code = رمز التنشيط
activate-copied = تم نسخ الرمز.
activate-copy-failed = تعذّر نسخ الرمز. حدّده وانسخه يدويًا.
activate-server = الخادم
activate-user = اسم المستخدم
activate-open-hint = افتح التطبيق من هنا. عندما يعرض رقمًا، ارجع إلى هنا وأخبرنا هل هو نفسه.
activate-open = فتح وتنشيط
activate-one-phone = استخدام هاتف واحد لتسجيل الدخول ولرمز المرور معًا يحميك أقل مما يحميك جهازان.
activate-here-hint = نشّط التطبيق. يُفتح إلى جانب هذه الصفحة؛ وعندما يعرض رقمًا، ارجع إلى هنا وأخبرنا هل هو نفسه.
activate-here = التنشيط على هذا الحاسوب
activate-other-computer = الجهاز الذي تستخدمه الآن ليس حاسوب Windows. يمكنك المتابعة هنا، أو كتابة الرمز أدناه على حاسوب آخر.
activate-nothing = لم يحدث شيء؟ اكتب الرمز
activate-elsewhere = جهاز آخر؟ أظهِر رمز QR
activate-private = لا تُظهر الرمز لأحد.
activate-waiting = في انتظار جهازك. تنتقل هذه الصفحة إلى الخطوة التالية من تلقاء نفسها.
activate-check-now = التحقّق الآن
activate-lost = انقطع الاتصال. تجري إعادة المحاولة.
activate-found = عُثر على جهاز: { $device }
activate-check = هل يعرض هذا الرقم؟
activate-mine = إنه جهازي
activate-not-mine = ليس جهازي
activate-found-theirs = هل هذا جهازك: { $device }؟
activate-check-hint-theirs = ليس هذا جهازك؟ اختر «ليس جهازي»، ولن يُضاف أي شيء.
activate-theirs-get-ios = ثبّت { $app } من App Store.
activate-theirs-get-android = ثبّت { $app } من Google Play.
activate-theirs-get-windows-mobile = ثبّت { $app } على هاتفك.
activate-theirs-get-windows-desktop = ثبّت { $app }.
activate-theirs-scan = افتح التطبيق، واختر فيه مسح رمز، ووجّهه نحو هذا الرمز. كاميرا الهاتف وحدها لا تعرفه.
activate-theirs-open = افتح هذا في التطبيق.
activate-theirs-then = عُد إلى هنا وأخبرنا هل هو جهازك.
activate-theirs-qr-alt = رمز QR للتطبيق. إن لم تستطع مسحه، فاستخدم الرابط في هذه الصفحة.
kinds-title = استخدام تطبيق آخر
kinds-hint = يتوقف عندئذ عمل الرمز الظاهر في هذه الصفحة.
kind-authenticator = Doorward Authenticator
kind-otp = تطبيق مصادقة قياسي
kind-push = privacyIDEA Authenticator
activate-check-hint = هل الرقم مختلف، أو ليس هذا جهازك؟ اختر «ليس جهازي»، ولن يُضاف أي شيء.
activate-setting-up = يجري إعداد { $device }.
activate-setting-up-there = تابع على ذلك الجهاز: قد يطلب رقمًا سريًّا (PIN)، وبصمة الإصبع أو الوجه، والسماح بالإشعارات.
activate-active = تم تنشيط { $device }.
activate-expired = انتهت صلاحية هذا الرمز. اطلب رمزًا جديدًا.
activate-failed-target-not-allowed = لا يمكن استخدام هذا النوع من الأجهزة هنا. لم يُضَف أي شيء.
activate-failed-second-device = استُخدم الرمز على جهاز ثانٍ، لذا لم يعد صالحًا لأيّ منهما. لم يُضَف أي شيء. اطلب رمزًا جديدًا ولا تدع أحدًا يراه.
activate-failed-not-mine = لا يستطيع ذلك الجهاز المتابعة، ولم يُضَف أي شيء. اطلب رمزًا جديدًا ولا تدع أحدًا يراه.
activate-allowed = يمكنك استخدام أحد هذه الأجهزة:
activate-tell = ألا تعرف لمن كان ذلك الجهاز؟

## W7 وW8: جاهز
ready-title = تطبيق المصادقة جاهز
ready-added = تمت الإضافة: { $device }، { $time }
ready-sign-in = سجّل الدخول به
ready-text = أدخِل رمز المرور الذي يعرضه تطبيق المصادقة الآن.
ready-text-requests = لا يعرض تطبيق المصادقة هذا رموز مرور. أرسل إليه طلبًا ووافق عليه هناك؛ يجب أن يكون التطبيق مفتوحًا.
ready-no-requests = يجيب تطبيق المصادقة هذا عن الطلبات، ولا يمكن إرسال طلب إليه الآن. اسأل مكتب المساعدة.
ready-pin = رقمك السري (PIN) لتطبيق المصادقة هذا
ready-pin-hint = تكتبه مع كل رمز مرور. لا تُطلع عليه أحدًا.
ready-back = إظهار الرمز مرة أخرى

## نهاية تسجيل الدخول
ended-cancelled-title = تم تسجيل خروجك
ended-cancelled = أُلغي تسجيل الدخول. لم يُضَف أي شيء إلى حسابك.
ended-superseded-title = تمت المتابعة في مكان آخر
ended-superseded = لقد تابعت في متصفّح آخر أو على جهاز آخر. ما كان معروضًا هنا لم يعد صالحًا.
ended-expired-title = انتهت مهلة تسجيل الدخول
ended-expired = حرصًا على أمانك يجب إتمام تسجيل الدخول خلال مدة محدودة.
ended-again = البدء من جديد

## التنبيهات
notice-problem = حدثت مشكلة
notice-not-accepted = اسم المستخدم أو كلمة المرور غير صحيح. حاول مرة أخرى.
notice-passcode-not-accepted = لم يُقبل الرمز. انتظر رمز المرور التالي وأدخِله.
notice-stand-in-not-accepted = لم يُقبل. تحقّق مما كتبته وحاول مرة أخرى.
notice-clock-hint = هل يُرفض الرمز مرارًا؟ تأكّد من أن ساعة جهازك تُضبط تلقائيًا، فرموز المرور تعتمد على الوقت.
notice-passcode-used = سبق استخدام رمز المرور هذا. انتظر الرمز التالي.
notice-next-passcode = كان هذا صحيحًا، لكن تطبيق المصادقة متقدّم أو متأخّر. اكتب رمز المرور الذي يليه مباشرة.
notice-challenge-expired = انتهت صلاحية التحدّي. إليك تحدّيًا آخر.
notice-pin-charset = استخدم الأرقام والحروف اللاتينية فقط.
notice-pin-too-short = الرقم السري قصير جدًّا.
notice-pin-too-long = الرقم السري طويل جدًّا.
notice-pin-needs-upper = أضف حرفًا كبيرًا.
notice-pin-needs-lower = أضف حرفًا صغيرًا.
notice-pin-needs-digit = أضف رقمًا.
notice-pin-trivial = اختر رقمًا سريًّا ليس تسلسلًا مثل 1234 أو 2222.
notice-pin-used-before = استخدمت هذا الرقم السري من قبل. اختر غيره.
notice-pin-differs = الرقمان غير متطابقين. اكتب الجديد مرتين.
notice-empty-pin = أدخل رقمًا سريًّا جديدًا.
notice-account-locked = محاولات فاشلة كثيرة بهذا الحساب. حاول مرة أخرى بعد { $time }.
notice-account-locked-way = يمكنك تسجيل الدخول فورًا من متصفّح سبق أن سجّلت الدخول منه. إذا لم تكن هذه المحاولات منك، فأبلغ مكتب المساعدة.
notice-locked = محاولات فاشلة كثيرة. حاول مرة أخرى بعد { $time }.
notice-code-wrong = { $tries ->
    [zero] هذا الرمز غير صحيح. لم تتبقَّ أي محاولة.
    [one] هذا الرمز غير صحيح. تتبقّى محاولة واحدة.
    [two] هذا الرمز غير صحيح. تتبقّى محاولتان.
    [few] هذا الرمز غير صحيح. تتبقّى { $tries } محاولات.
    [many] هذا الرمز غير صحيح. تتبقّى { $tries } محاولة.
   *[other] هذا الرمز غير صحيح. تتبقّى { $tries } محاولة.
}
notice-code-expired = انتهت صلاحية هذا الرمز. اطلب رمزًا جديدًا.
notice-code-void = رموز خاطئة كثيرة. اطلب رمزًا جديدًا.
notice-code-limit = طُلبت رموز كثيرة. حاول مرة أخرى بعد { $time }.
notice-code-day-limit = رموز خاطئة كثيرة اليوم. عُد بعد { $time }.
notice-no-email = لا يوجد عنوان بريد إلكتروني مسجّل لك، لذا لا يمكن إرسال رمز. يستطيع مكتب المساعدة إضافة عنوان.
notice-mail-failed = تعذّر إرسال الرسالة. حاول مرة أخرى؛ ستتلقّى الرمز نفسه.
notice-code-sent-again = أُرسل رمز جديد. لم تعد الرموز السابقة تعمل.
notice-choose-target = اختر أحد الأجهزة.
notice-empty-name = أدخِل اسم المستخدم.
notice-empty-password = أدخِل كلمة المرور.
notice-empty-passcode = أدخِل رمز المرور.
notice-empty-code = أدخِل رمز التحقّق.
notice-stale-form = سبق أن تجاوزت تلك الخطوة. هذه هي الخطوة الحالية.
notice-not-received = لم يُستلم ما أرسلته لأنك لم تعد مسجَّل الدخول. سجّل الدخول ثم أرسله مرة أخرى.
notice-no-longer-offered = لم يعد بإمكانك إضافة تطبيق مصادقة بنفسك. يمكن لمكتب المساعدة إرشادك إلى طريقة الحصول عليه.
notice-push-off = لا يمكن إرسال طلب إلى جهازك الآن. أدخِل رمز مرور، أو حاول مرة أخرى بعد { $time }.
notice-push-unavailable = لا يمكن إرسال طلب إلى أيّ من أجهزتك. أدخِل رمز مرور.
notice-push-off-alone = لا يمكن إرسال طلب إلى جهازك الآن. حاول مرة أخرى بعد { $time }.
notice-push-unavailable-alone = لا يمكن إرسال طلب إلى هذا الجهاز. اسأل مكتب المساعدة.
notice-push-mismatched-alone = أُدخل على جهازك رقم غير الذي عرضته هذه الصفحة. أرسل طلبًا جديدًا.
notice-push-expired-alone = لم يُجَب عن الطلب في الوقت المحدّد. أرسل طلبًا جديدًا.
notice-push-denied = رُفض الطلب على جهازك. إذا لم تكن أنت من رفضه فأبلغ مكتب المساعدة.
notice-push-mismatched = أُدخل على جهازك رقم غير الذي عرضته هذه الصفحة. أرسل طلبًا جديدًا، أو أدخِل رمز مرور.
notice-push-expired = لم يُجَب عن الطلب في الوقت المحدّد. أرسل طلبًا جديدًا، أو أدخِل رمز مرور.
notice-passkey-not-accepted = لم يُقبل مفتاح المرور. حاول مرة أخرى، أو استخدم غيره.
notice-passkey-not-made = لم يُنشأ أي مفتاح مرور. حاول مرة أخرى.
notice-push-needed = رمز المرور صحيح، لكن تلزم هنا أيضًا الموافقة على طلب على جهازك.
notice-not-in-network = لا يمكنك إضافة تطبيق مصادقة من هذه الشبكة. استخدم إحدى شبكات مؤسستك أو اسأل مكتب المساعدة.
notice-help-desk-code-wrong = { $tries ->
    [zero] هذا الرمز غير صحيح. كانت هذه آخر محاولة لليوم.
    [one] هذا الرمز غير صحيح. تتبقّى محاولة واحدة.
    [two] هذا الرمز غير صحيح. تتبقّى محاولتان.
    [few] هذا الرمز غير صحيح. تتبقّى { $tries } محاولات.
    [many] هذا الرمز غير صحيح. تتبقّى { $tries } محاولة.
   *[other] هذا الرمز غير صحيح. تتبقّى { $tries } محاولة.
}
notice-help-desk-code-over = لا يوجد رمز لك، أو انتهت صلاحيته. اطلب رمزًا جديدًا من مكتب المساعدة.
notice-help-desk-code-limit = رموز خاطئة كثيرة اليوم. عُد بعد { $time }.
notice-empty-help-desk-code = أدخِل الرمز الذي أعطاك إياه مكتب المساعدة.

## الصفحة الرئيسية للبوابة
start-title = تطبيقاتك
start-welcome = مرحبًا، { $name }
start-empty = لا توجد تطبيقات متاحة لك هنا بعد.
start-sign-out = تسجيل الخروج

## صفحة المستخدم
own-title = تطبيقات المصادقة الخاصة بك
own-empty = ليس لديك تطبيق مصادقة. عند وجوده يُطلب رمز مرور يتغيّر باستمرار إلى جانب كلمة المرور، فلا تفتح كلمة المرور وحدها شيئًا.
own-empty-way = عندما يطلب تطبيق ما رمز مرور يمكنك إعداده هناك إذا سمحت مؤسستك بذلك.
own-start = الانتقال إلى تطبيقاتك
own-all = كل تطبيقات المصادقة
own-thing = جهاز رموز مرور
own-state = الحالة
own-state-active = قيد الاستخدام
own-state-locked = مقفل حتى { $time }
own-state-suspended = موقوف
own-state-assigned = لم يُستخدم بعد
own-state-locked-pin = مقفل نهائيًا
own-platform = المنصّة
own-serial = الرقم التسلسلي
own-added = تاريخ الإضافة
own-used = آخر استخدام
own-never = أبدًا
own-now-locked = بعد محاولات فاشلة كثيرة لا يُفحص أي رمز مرور لبعض الوقت. ينتهي القفل من تلقاء نفسه.
own-now-suspended = لا يمكن استخدامه لتسجيل الدخول إلى أن يعيد مكتب المساعدة إتاحته.
own-now-assigned = هو لك، لكن رمز المرور الأول لم يُقبل بعد. سجّل الدخول به مرة واحدة لتستخدمه.
own-now-locked-pin = أُدخل رقمه السري خطأً مرات كثيرة. لا يمكن إلا استبداله.
own-answers = يجيب عن أسئلة ولا يعرض رمز مرور من تلقاء نفسه، لذلك لا يمكن اختباره إلا بتسجيل الدخول به.
own-rename = تغيير الاسم
own-rename-label = الاسم
own-rename-hint = لا يراه إلا أنت ومكتب المساعدة. اتركه فارغًا ليظهر نوع الجهاز.
own-rename-submit = حفظ الاسم
own-test = اختبار رمز مرور
own-test-text = يُستهلك رمز المرور بذلك كما في تسجيل الدخول. الرموز الخاطئة تُحسب أيضًا: بعد عدد كبير منها يُقفل تطبيق المصادقة لبعض الوقت.
own-test-submit = اختبار رمز المرور
own-resync = المزامنة
own-resync-text = إذا رُفضت رموز المرور مرارًا فأدخِل رمزين يعرضهما تطبيق المصادقة أحدهما بعد الآخر مباشرة. الرموز الخاطئة تُحسب محاولات فاشلة.
own-resync-first = رمز المرور الأول
own-resync-second = رمز المرور الذي يليه مباشرة
own-resync-submit = مزامنة
own-without-pin = الأرقام الـ{ $digits } من دون رقمك السري (PIN)
own-pin = تغيير الرقم السري (PIN)
own-pin-rule-new = ليس رقمًا استخدمته من قبل
own-pin-old = رمز المرور مع رقمك السري الحالي
own-pin-submit = تغيير الرقم السري
own-lost = الإبلاغ عن فقدانه
own-lost-title = هل فُقد تطبيق المصادقة هذا؟
own-lost-effect = سيُوقَف فورًا فلا يستطيع أحد تسجيل الدخول به. ستُنهى جميع جلساتك، على هذا الجهاز أيضًا.
own-lost-back = إذا وجدته مرة أخرى فيمكن لمكتب المساعدة إعادة إتاحته.
own-lost-submit = نعم، أوقِفه
own-replace-effect = سيُلغى نهائيًا، فلا يستطيع أحد تسجيل الدخول به بعد ذلك، ولا أنت. ستُنهى جميع جلساتك، على هذا الجهاز أيضًا.
own-replace-next = يمكنك إضافة تطبيق مصادقة آخر عند تسجيل الدخول التالي.
own-replace-submit = نعم، ألغِه
own-keep = لا، رجوع
own-add = إضافة تطبيق مصادقة آخر
own-add-title = إضافة تطبيق مصادقة آخر
own-add-text = بتطبيق ثانٍ على جهاز آخر، تستطيع تسجيل الدخول حين لا يكون الأول في متناولك. يكفي أيٌّ منهما. تصلك رسالة بريد إلكتروني عندما يبدأ استخدامه.
own-add-proof = أثبت أولًا أنك أنت: سجّل الدخول مرة أخرى بتطبيق مصادقة لديك. لا يكفي هنا رمز استرداد.
own-add-submit = إضافته
own-proof-submit = المتابعة إلى تسجيل الدخول
own-remove = إزالة
own-remove-title = هل تريد إزالة تطبيق المصادقة هذا؟
own-remove-effect = لا يستطيع أحد تسجيل الدخول به بعد ذلك، ولا يمكن استعادته. تبقى تطبيقات المصادقة الأخرى كما هي.
own-remove-elsewhere = سيُسجَّل خروجك من كل مكان آخر.
own-remove-proof = أثبت أولًا أنك أنت: سجّل الدخول مرة أخرى بتطبيق مصادقة لديك. لا يكفي هنا رمز استرداد.
own-remove-submit = نعم، إزالته
passkeys-title = مفاتيح المرور الخاصة بك
passkeys-text = يُحفظ مفتاح المرور في هاتفك أو حاسوبك أو مفتاح أمان أو مدير كلمات مرور، وهو يتحقّق من أنك أنت. يُطلب بعد كلمة المرور حيث يشترطه أحد التطبيقات.
passkeys-empty = ليس لديك مفتاح مرور.
passkeys-one = مفتاح مرور
passkeys-add = إضافة مفتاح مرور
passkeys-now-suspended = لا يمكن تسجيل الدخول به: قد تكون له نسخة، أو اعتُرض على إضافته. أزله وأضف غيره.
passkeys-cannot-add = لا يمكن إضافة المزيد الآن: يتطلّب ذلك تطبيق مصادقة قيد الاستخدام، ولا يمكن أن يزيد ما لديك على عشرة مفاتيح مرور.
passkeys-add-title = إضافة مفتاح مرور
passkeys-add-text = يسأل متصفّحك أين يُحفظ مفتاح المرور، ويتحقّق جهازك من أنك أنت.
passkeys-add-submit = إنشاء مفتاح المرور
passkeys-remove = إزالة مفتاح المرور هذا
passkeys-remove-title = هل تريد إزالة مفتاح المرور هذا؟
passkeys-remove-effect = لا يستطيع أحد تسجيل الدخول به بعد ذلك، ولا أنت. احذفه أيضًا حيث هو محفوظ.
passkeys-remove-submit = نعم، إزالته
passkeys-done-added = مفتاح المرور قيد الاستخدام.
passkeys-done-removed = أُزيل مفتاح المرور.
notice-passkey-not-removed = لم يُزَل مفتاح المرور. سجّل الخروج، ثم سجّل الدخول من جديد بمفتاح مرور، وأزِله خلال عشر دقائق.
own-recovery = رموز الاسترداد
own-recovery-none = ليس لديك أيّ رمز. يحلّ رمز الاسترداد محلّ رمز المرور مرة واحدة عندما لا يكون تطبيق المصادقة في متناولك.
own-recovery-left = { $left ->
    [zero] لم يتبقَّ أيّ رمز من الرموز العشرة التي أنشأتها في { $time }.
    [one] يتبقّى رمز واحد من عشرة. أُنشئت في { $time }.
    [two] يتبقّى رمزان من عشرة. أُنشئت في { $time }.
    [few] تتبقّى { $left } رموز من عشرة. أُنشئت في { $time }.
    [many] يتبقّى { $left } رمزًا من عشرة. أُنشئت في { $time }.
   *[other] يتبقّى { $left } رمز من عشرة. أُنشئت في { $time }.
}
own-recovery-make = إنشاء رموز استرداد
own-recovery-make-new = إنشاء رموز استرداد جديدة
own-recovery-needs-passcode = لإنشائها تحتاج إلى رمز مرور من تطبيق مصادقة قيد الاستخدام.
own-recovery-title = إنشاء رموز استرداد
own-recovery-text = تحصل على عشرة رموز تحتفظ بها على الورق. يحلّ كل منها محلّ رمز المرور مرة واحدة عندما لا يكون تطبيق المصادقة في متناولك.
own-recovery-keep = إذا فُقد تطبيق المصادقة يومًا ما فسجّل الدخول برمز استرداد، وأبلغ عن فقدان التطبيق في صفحة «تطبيقات المصادقة الخاصة بك»، ثم أضِف غيره عند تسجيل الدخول التالي.
own-recovery-replaces = تنتهي بذلك صلاحية الرموز التي أنشأتها من قبل.
own-recovery-proof = يُثبت رمز المرور أنك أنت، ويُستهلك بذلك كما في تسجيل الدخول. الرموز الخاطئة تُحسب أيضًا.
own-recovery-submit = إنشاء عشرة رموز
own-codes-title = رموز الاسترداد الخاصة بك
own-codes-once = اطبعها أو دوّنها على ورقة، واحفظها حيث لا يجدها أحد غيرك. لن تُعرض مرة أخرى.
own-codes-use = عند تسجيل الدخول اكتب أحدها حيث يُطلب رمز المرور. كل رمز صالح لمرة واحدة: اشطبه بعد استخدامه. تصلك رسالة بالبريد الإلكتروني كلما استُخدم أحدها.
own-codes-done = الانتقال إلى تطبيقات المصادقة
own-everywhere = تسجيل الخروج من كل مكان
own-everywhere-title = هل تريد تسجيل الخروج من كل مكان؟
own-everywhere-effect = ستُنهى جميع جلساتك في كل متصفّح وعلى كل جهاز، بما فيها هذا الجهاز. تبقى تطبيقات المصادقة كما هي.
own-done-added = تطبيق المصادقة الجديد قيد الاستخدام. تستطيع تسجيل الدخول بأيٍّ مما يلي.
own-done-removed = أُزيل تطبيق المصادقة.
own-done-elsewhere = سُجِّل خروجك من كل مكان آخر.
own-done-renamed = حُفظ الاسم.
own-done-tested = كان رمز المرور صحيحًا، وقد استُهلك الآن.
own-done-resynced = تمت مزامنة تطبيق المصادقة. سجّل الدخول برمز المرور التالي الذي يعرضه.
own-done-pin-changed = تغيّر رقمك السري. اكتب الجديد مع كل رمز مرور من الآن فصاعدًا.
notice-label-too-long = الاسم طويل جدًّا: { $max } محرفًا على الأكثر.
notice-label-text = يجب أن يكون الاسم سطرًا واحدًا من محارف مرئية.
notice-not-consecutive = ليس هذان رمزي مرور متتاليين لتطبيق المصادقة هذا. انتظر الرمزين التاليين وأدخِلهما بالترتيب.
notice-own-not-now = لا يمكن فعل ذلك بتطبيق المصادقة هذا في حالته الآن.
notice-own-not-added = لا يمكن إضافة تطبيق مصادقة آخر الآن. لديك العدد المسموح به، أو أن الإضافة غير متاحة لك.
notice-own-overtaken = حدث شيء آخر لتطبيق المصادقة هذا في اللحظة نفسها. لم يتغيّر شيء. حاول مرة أخرى.

## صفحات تقول شيئًا واحدًا
message-status = خطأ
message-request = معرّف الطلب
message-continue = الانتقال إلى الصفحة الرئيسية
message-sign-in-again = تسجيل الدخول مرة أخرى
message-denied-title = ليس لديك إذن بالوصول
message-denied = لا تسمح لك سياسة الوصول بالدخول إلى هنا. إذا كنت ترى أن ذلك غير صحيح فاطلب منحك الإذن.
message-denied-app = لا تسمح لك سياسة الوصول بالدخول إلى { $app }. إذا كنت ترى أن ذلك غير صحيح فاطلب منحك الإذن.
message-passkey-needed-title = تحتاج إلى مفتاح مرور
message-passkey-needed = يُطلب هنا مفتاح مرور، وليس لديك مفتاح يمكن استخدامه. أضف واحدًا في صفحتك الخاصة، ثم عُد.
message-passkey-needed-app = يطلب { $app } مفتاح مرور، وليس لديك مفتاح يمكن استخدامه. أضف واحدًا في صفحتك الخاصة، ثم عُد.
message-passkey-needed-add = الانتقال إلى مفاتيح المرور
message-cross-site-title = لا يمكن قبول هذا النموذج
message-cross-site = لم يأتِ من إحدى صفحاتنا، أو بقيت الصفحة مفتوحة مدة طويلة. ارجع إلى الوراء وأعد تحميل الصفحة ثم حاول مرة أخرى.
message-bad-request-title = لم ينجح ذلك
message-bad-request = تعذّر فهم الطلب. ارجع إلى الوراء وحاول مرة أخرى.
message-not-found-title = الصفحة غير موجودة
message-not-found = لا توجد صفحة في هذا العنوان. تحقّق من العنوان أو ابدأ من الصفحة الرئيسية.
message-method-title = لا يمكن فعل ذلك هنا
message-method = لا يقبل هذا العنوان هذا النوع من الطلبات.
message-too-large-title = الحجم كبير جدًا
message-too-large = ما أُرسل أكبر من المقبول هنا.
message-unknown-host-title = موقع غير معروف
message-unknown-host = لا يوجد هنا موقع بهذا الاسم. تحقّق من العنوان.
message-address-waits-title = على شبكتك الانتظار
message-address-waits = بدأت من شبكتك عمليات تسجيل دخول كثيرة جدًا أو فشلت. حاول مرة أخرى بعد { $time }.
message-address-waits-way = يمكنك المتابعة فورًا من متصفّح سبق أن سجّلت الدخول منه.
message-too-many-title = طلبات كثيرة جدًا
message-too-many = وردت طلبات كثيرة جدًا من شبكتك. انتظر دقيقة ثم حاول مرة أخرى.
message-upstream-title = التطبيق لا يستجيب
message-upstream = يتعذّر الوصول إلى التطبيق الآن. حاول مرة أخرى بعد بضع دقائق.
message-upstream-timeout-title = التطبيق يستغرق وقتًا طويلًا
message-upstream-timeout = لم يستجب التطبيق في الوقت المحدّد. حاول مرة أخرى بعد بضع دقائق.
message-unavailable-title = سنعود بعد لحظات
message-unavailable = تسجيل الدخول غير متاح الآن. لم يتغيّر أي شيء. حاول مرة أخرى بعد دقيقة.
message-internal-title = حدث خطأ ما
message-internal = الخطأ من جانبنا وقد سُجّل. حاول مرة أخرى؛ وإذا تكرّر فزوّد مكتب المساعدة بمعرّف الطلب.
message-not-received-title = لم يُستلم ما أرسلته
message-not-received = لم تعد مسجَّل الدخول إلى التطبيق، ولذلك لم يُحفظ منه شيء. أنت الآن مسجَّل الدخول: ارجع إلى الصفحة وأرسله مرة أخرى.
message-entered-title = تم تسجيل دخولك
message-entered = ستُفتح الصفحة التي طلبتها بعد لحظات.
message-signed-out-title = تم تسجيل خروجك
message-signed-out = تم تسجيل خروجك من جميع التطبيقات. أغلق المتصفّح إذا كان آخرون يستخدمون هذا الحاسوب أيضًا.
message-signed-out-everywhere-title = تم تسجيل خروجك من كل مكان
message-signed-out-everywhere = أُنهيت جميع جلساتك في كل متصفّح وعلى كل جهاز.
message-lost-done-title = تم إيقاف تطبيق المصادقة
message-lost-done = لم يعد أحد يستطيع تسجيل الدخول به، وأُنهيت جميع جلساتك. يمكن لمكتب المساعدة أن يعطيك غيره، أو أن يعيد إتاحة هذا إذا وجدته.
message-replace-done-title = تم إلغاء تطبيق المصادقة
message-replace-done = لم يعد أحد يستطيع تسجيل الدخول به، وأُنهيت جميع جلساتك. يمكنك إضافة غيره عند تسجيل الدخول التالي.
message-dispute-look-title = هل كنت أنت؟
message-dispute-look = أُضيف تطبيق مصادقة إلى حسابك: { $device }، { $time }.
message-dispute-look-effect = إذا لم تكن أنت من أضافه فأوقفه الآن. ستُنهى جميع جلساتك.
message-dispute-look-you = إذا كنت أنت من أضافه فأغلق هذه الصفحة فحسب. لن يتغيّر شيء.
message-dispute-submit = لم أكن أنا: أوقِفه
message-dispute-done-title = تم إيقاف تطبيق المصادقة
message-dispute-done = لم يعد استخدامه ممكنًا، وأُنهيت جميع جلساتك. غيّر كلمة المرور وأخبر مكتب المساعدة بما حدث.
message-dispute-gone-title = لم يعد هذا الرابط يعمل
message-dispute-gone = سبق استخدامه أو مضى عليه أكثر من سبعة أيام. إذا كان في حسابك تطبيق مصادقة ليس لك فأبلغ مكتب المساعدة فورًا.

## رسالة: رمز التحقّق
mail-automatic = أُرسلت هذه الرسالة تلقائيًا. لا تُقرأ الردود عليها.
mail-sent = أُرسلت: { $time }.
mail-code-subject = رمز التحقّق الخاص بك في { $brand }
mail-code-title = رمز التحقّق الخاص بك
mail-code-intro = أنت بصدد إضافة تطبيق مصادقة إلى حسابك. أدخِل هذا الرمز في الصفحة التي تطلبه:
mail-code-intro-app = أنت بصدد إضافة تطبيق مصادقة إلى حسابك لتسجيل الدخول إلى { $app }. أدخِل هذا الرمز في الصفحة التي تطلبه:
mail-code-valid = { $minutes ->
    [zero] الرمز صالح لمرة واحدة، وفي المتصفّح الذي طلبته منه فقط، لأقل من دقيقة.
    [one] الرمز صالح لمرة واحدة، وفي المتصفّح الذي طلبته منه فقط، لمدة دقيقة واحدة.
    [two] الرمز صالح لمرة واحدة، وفي المتصفّح الذي طلبته منه فقط، لمدة دقيقتين.
    [few] الرمز صالح لمرة واحدة، وفي المتصفّح الذي طلبته منه فقط، لمدة { $minutes } دقائق.
    [many] الرمز صالح لمرة واحدة، وفي المتصفّح الذي طلبته منه فقط، لمدة { $minutes } دقيقة.
   *[other] الرمز صالح لمرة واحدة، وفي المتصفّح الذي طلبته منه فقط، لمدة { $minutes } دقيقة.
}
mail-code-never = لن يطلب منك أحد هذا الرمز أبدًا، لا هاتفيًا ولا بالبريد الإلكتروني. لا تعطِه لأحد.
mail-code-not-you = إذا لم تطلبه فلا تفعل شيئًا: من دون هذا الرمز لا يُضاف أي شيء إلى حسابك. إذا تكرّر ذلك فأخبر مكتب المساعدة.

## رسالة: أُضيف تطبيق مصادقة
mail-notice-subject = أُضيف تطبيق مصادقة إلى حسابك في { $brand }
mail-notice-title = أُضيف تطبيق مصادقة إلى حسابك
mail-notice-intro = يمكن من الآن استخدامه لتسجيل الدخول إلى { $brand } باسم المستخدم الخاص بك.
mail-notice-device = الجهاز
mail-notice-when = الوقت
mail-notice-address = عنوان الشبكة
mail-notice-you = إذا كنت أنت من أضافه فلا يلزمك فعل شيء.
mail-notice-not-you = لم تكن أنت؟ افتح هذا الرابط وأكِّد. يُوقَف تطبيق المصادقة فورًا وتُنهى جميع جلساتك.
mail-notice-button = لم أكن أنا
mail-notice-valid = يعمل الرابط مرة واحدة، خلال سبعة أيام.

## رسالة: يقترب الموعد النهائي
mail-reminder-subject = أعِدّ تطبيق المصادقة الخاص بك في { $brand } قبل نهاية يوم { $deadline }
mail-reminder-title = يُرجى إعداد تطبيق مصادقة
mail-reminder-intro = بعد { $deadline } سيُطلب رمز مرور لمرة واحدة في { $brand }. ليس لديك بعد تطبيق مصادقة يعرضه لك.
mail-reminder-intro-app = بعد { $deadline } سيطلب { $app } رمز مرور لمرة واحدة. ليس لديك بعد تطبيق مصادقة يعرضه لك.
mail-reminder-days = { $days ->
    [zero] لم يتبقَّ أي يوم.
    [one] يتبقّى يوم واحد.
    [two] يتبقّى يومان.
    [few] تتبقّى { $days } أيام.
    [many] يتبقّى { $days } يومًا.
   *[other] يتبقّى { $days } يوم.
}
mail-reminder-how = يستغرق ذلك نحو ثلاث دقائق. ستحتاج إلى الوصول إلى هذا البريد وإلى هاتف أو إلى حاسوبك. سجّل الدخول واختر «إضافة تطبيق مصادقة» عندما يُطلب منك ذلك.
mail-reminder-button = تسجيل الدخول
mail-reminder-done = إذا كنت قد أعددته في هذه الأثناء فلا يلزمك فعل شيء.

## رسالة: وافق مشغّل
mail-approved-subject = يمكنك الآن إضافة تطبيق المصادقة في { $brand }
mail-approved-title = تمت الموافقة على طلبك
mail-approved-intro = يمكنك الآن إضافة تطبيق مصادقة إلى حسابك في { $brand }. تابع من حيث توقفت، أو سجّل الدخول مرة أخرى.
mail-approved-button = تسجيل الدخول
mail-approved-until = الموافقة صالحة حتى { $time }، لتطبيق مصادقة واحد.
mail-approved-not-you = لم تطلب ذلك؟ إذًا يعرف شخص آخر كلمة المرور الخاصة بك. غيّرها وأبلغ مكتب المساعدة.

## رسالة: استُخدم رمز استرداد
mail-recovery-subject = استُخدم أحد رموز الاسترداد الخاصة بك في { $brand }
mail-recovery-title = استُخدم أحد رموز الاسترداد الخاصة بك
mail-recovery-intro = استخدم شخص ما أحد رموز الاسترداد الخاصة بك لتسجيل الدخول إلى { $brand } باسم المستخدم الخاص بك. استُهلك هذا الرمز الآن.
mail-recovery-left = { $left ->
    [zero] كان هذا آخر رمز لديك.
    [one] يتبقّى لديك رمز استرداد واحد.
    [two] يتبقّى لديك رمزا استرداد.
    [few] تتبقّى لديك { $left } رموز استرداد.
    [many] يتبقّى لديك { $left } رمز استرداد.
   *[other] يتبقّى لديك { $left } رمز استرداد.
}
mail-recovery-you = إذا كنت أنت من استخدم الرمز فلا يلزمك فعل شيء. يمكنك الإبلاغ عن فقدان تطبيق المصادقة وإنشاء رموز جديدة في صفحة «تطبيقات المصادقة الخاصة بك».
mail-recovery-button = تطبيقات المصادقة الخاصة بك
mail-recovery-not-you = لم تكن أنت؟ اتصل بمكتب المساعدة فورًا: رموزك في يد شخص آخر.
mail-told-you = إذا كنت أنت من فعل ذلك فلا يلزمك فعل شيء.
mail-codes-subject = أُنشئت رموز استرداد جديدة لحسابك في { $brand }
mail-codes-title = أُنشئت رموز استرداد جديدة لحسابك
mail-codes-intro = يمكن من الآن استخدامها بدلًا من رمز المرور عند تسجيل الدخول إلى { $brand } باسم المستخدم الخاص بك. أما الرموز السابقة فلم تعد صالحة.
mail-codes-not-you = لم تكن أنت؟ اتصل بمكتب المساعدة فورًا: تطبيق المصادقة وهذه الرموز في يد شخص آخر.
mail-removed-subject = أُزيل تطبيق مصادقة من حسابك في { $brand }
mail-removed-title = أُزيل تطبيق مصادقة من حسابك
mail-removed-intro = لم يعد من الممكن استخدامه لتسجيل الدخول إلى { $brand }.
mail-removed-operator = أزاله أحد المشغّلين.
mail-removed-not-you = ألم تكن تتوقع ذلك؟ اتصل بمكتب المساعدة فورًا.

## Provisioning by email: the mail, the page behind its link, and the console's pages of it
ready-try = تحقّق من أنه يعمل
ready-try-submit = التحقّق من رمز المرور
mail-provisioning-subject = أعِدّ تطبيق المصادقة الخاص بك في { $brand }
mail-provisioning-title = يُرجى إعداد تطبيق المصادقة
mail-provisioning-intro = من الآن فصاعدًا تحتاج إلى تطبيق مصادقة يعرض لك رمز مرور لمرة واحدة كي تسجّل الدخول في { $brand }.
mail-provisioning-how = يستغرق ذلك نحو ثلاث دقائق. افتح هذا الرابط على الجهاز الذي سيكون عليه تطبيق المصادقة.
mail-provisioning-button = إعداد تطبيق المصادقة
mail-provisioning-until = يعمل الرابط مرة واحدة، حتى { $time }.
mail-provisioning-yours = هو لك وحدك: لا تُعطه لأحد. إذا كنت لا تعرف ما هذا فاتصل بمكتب المساعدة.
by-mail-ask-title = أعِدّ تطبيق المصادقة
by-mail-ask = يتيح هذا الرابط لـ{ $name } إعداد تطبيق مصادقة في { $brand }. إذا لم يكن ذلك أنت فأغلق هذه الصفحة.
by-mail-begin = إعداد تطبيق المصادقة
by-mail-until = يعمل الرابط مرة واحدة، حتى { $time }. لا يستهلكه إلا الزر.
by-mail-phone = تطبيق المصادقة مخصّص لهاتف. افتح هذا الرابط هناك: امسح الرمز بكاميرا الهاتف.
by-mail-computer = تطبيق المصادقة مخصّص لحاسوب. افتح رسالة البريد هناك.
by-mail-not-used = لا يُستهلك الرابط بذلك.
by-mail-qr-alt = رمز QR لهذا الرابط، لكاميرا هاتفك
by-mail-here = المتابعة على هذا الجهاز
by-mail-done-title = تم إعداد تطبيق المصادقة
by-mail-done = من الآن فصاعدًا يعرض رموز المرور التي تسجّل الدخول بها. لم تسجّل الدخول بعد.
by-mail-sign-in = تسجيل الدخول
by-mail-unknown-title = هذا الرابط لا يؤدي إلى شيء
by-mail-unknown = إما أنه غير كامل، أو حلّت محله رسالة بريد أحدث. ابحث عن أحدث رسالة وافتح الرابط الذي فيها.
by-mail-used-title = سبق استخدام هذا الرابط
by-mail-used = بدأ الإعداد به ولم يكتمل. اطلب من مكتب المساعدة أن يرسل إليك رابطًا جديدًا.
by-mail-enrolled-title = لقد أعددت تطبيق المصادقة
by-mail-enrolled = لم يبقَ ما تفعله. سجّل الدخول به.
by-mail-locked-title = هذا الرابط مقفل
by-mail-locked = فشل الإعداد مرات كثيرة. اطلب من مكتب المساعدة أن يرسل إليك رابطًا جديدًا.
by-mail-expired-title = هذا الرابط قديم
by-mail-expired = انقضى آخر يوم كان يمكنك فيه إعداد تطبيق المصادقة. اطلب من مكتب المساعدة أن يرسل إليك رابطًا جديدًا.
by-mail-removed-title = سُحب هذا الرابط
by-mail-removed = لم يعد بالإمكان إعداد تطبيق المصادقة به. إذا كنت تحتاج إلى تطبيق مصادقة فاسأل مكتب المساعدة.
by-mail-not-now-title = لا يمكن إعداد تطبيق مصادقة الآن
by-mail-not-now = لديك العدد المسموح به، أو لا توجد منصّة مسموح بها. لم يُستهلك الرابط. اسأل مكتب المساعدة.
by-mail-over-title = لا يمكن متابعة الإعداد
by-mail-over = أُنهي في هذه الأثناء، أو فشل مرات كثيرة. اطلب من مكتب المساعدة أن يرسل إليك رابطًا جديدًا.

## The operators' console: frame and menu
console-name = وحدة تحكّم Doorward
console-skip = الانتقال إلى المحتوى
console-menu = القائمة
console-menu-access = إدارة الوصول
console-menu-settings = الإعدادات
console-menu-tokens = إدارة أدوات المصادقة
console-menu-policies = السياسات
console-menu-token-policies = سياسات أدوات المصادقة
console-menu-console = وحدة التحكّم
console-sign-out = تسجيل الخروج
console-edit = تعديل
console-save = حفظ
console-apply = تطبيق
console-cancel = إلغاء
console-look = عرض
console-nothing = لا شيء
console-all = الكل
console-on = مفعَّل
console-off = معطَّل
console-onward = متابعة
console-page-start = نظرة عامة
console-page-self_provisioning = التجهيز الذاتي
console-page-enrolment_rules = قواعد التسجيل
console-page-appearance = المظهر
console-page-words = النصوص
console-page-targets = إعدادات أدوات المصادقة البرمجية وPush OTP
console-page-token_template = قوالب أدوات المصادقة
console-page-server_pin_policy = سياسة الرقم السري (PIN) على الخادم
console-page-synchronization = المزامنة
console-page-lockout = سياسة قفل الحسابات
console-page-operators = المشغّلون
console-page-account = حسابك

## Console: signing in, being made an operator
console-signin-title = تسجيل دخول المشغّلين
console-signin-server = الخادم الافتراضي
console-signin-name = اسم المشغّل
console-signin-submit = تسجيل الدخول
console-passcode = رمز المرور
console-passcode-hint = الأرقام الستة التي يعرضها تطبيق المصادقة الآن.
console-signin-refused = الاسم أو كلمة المرور أو رمز المرور غير صحيح. رمز المرور صالح لمرة واحدة: انتظر الرمز التالي.
console-signin-waits = محاولات فاشلة كثيرة. حاول مرة أخرى بعد { $time }.
console-signin-ended = انتهت جلستك. سجّل الدخول مرة أخرى.
console-signin-out = تم تسجيل خروجك.
console-signin-again = سجّل الدخول للمتابعة.
console-setup-title = إعداد حساب المشغّل الخاص بك
console-setup-text = دُعيتَ إلى أن تكون مشغّلًا هنا بدور: { $role }. اختر طريقة تسجيل دخولك. لا يُحفظ شيء قبل أن تنتهي.
console-setup-name = الاسم وكلمة المرور
console-setup-factor = العامل الثاني
console-setup-factor-text = امسح الرمز بتطبيق مصادقة. يعرض التطبيق بعد ذلك رمز مرور جديدًا كل 30 ثانية.
console-setup-passcode-hint = اكتب الأرقام الستة التي يعرضها التطبيق الآن. يُثبت ذلك أنه يعمل.
console-setup-submit = إنهاء وتسجيل الدخول
console-password-hint = عدد المحارف لا يقلّ عن { $least }. بضع كلمات عشوائية خيار جيد.
console-password-again = كلمة المرور مرة أخرى
console-your-password = كلمة المرور الخاصة بك
console-new-password = كلمة المرور الجديدة
console-fault-name = أدخِل اسمًا من 1 إلى 256 محرفًا مرئيًا.
console-fault-name-taken = يوجد مشغّل بهذا الاسم من قبل.
console-fault-password-length = كلمة المرور قصيرة جدًا.
console-fault-password-is-name = يجب ألا تكون كلمة المرور هي الاسم نفسه.
console-fault-differs = كلمتا المرور غير متطابقتين.
console-fault-passcode = رمز المرور هذا غير صحيح. اكتب الرمز الذي يعرضه التطبيق الآن.
console-proof = أكِّد أنك أنت
console-proof-hint = عند إجراء تغييرات، يُطلب منك التأكيد من جديد بعد عشر دقائق.
console-fault-proof = كلمة المرور أو رمز المرور غير صحيح. رمز المرور صالح لمرة واحدة: انتظر الرمز التالي.
console-fault-proof-empty = أدخِل كلمة المرور ورمز المرور الذي يعرضه تطبيقك الآن.

## Console: overview
console-attention = يحتاج إلى انتباهك
console-all-well = كل شيء على ما يرام: لا شيء يحتاج إلى انتباهك.
console-counts = لمحة سريعة
console-counts-before = لم يُعَد العدّ بعد. هذه الأرقام من { $time }.
console-counts-under-way = العدّ جارٍ الآن. عاود النظر بعد بضع ثوانٍ.
console-count-tokens-active = أدوات مصادقة قيد الاستخدام
console-count-tokens-assigned = أدوات مصادقة مُسنَدة لم تُنشَّط بعد
console-attention-no-platform = لا توجد منصّة مسموح بها، لذلك لا يُعرض التجهيز الذاتي على أحد.
console-attention-no-plugin = لا يوجد تطبيق مصادقة يلبّي ما يطلبه قالب أدوات المصادقة على أيّ منصّة مسموح بها، لذلك لا يُعرض التجهيز الذاتي على أحد.
console-attention-otp-alone = تطلب سياسة الوصول { $what } رمز مرور من دون كلمة مرور: من يستطيع قراءة بريد مستخدم يستطيع إعداد تطبيق مصادقة باسمه.
console-attention-group-gone = يذكر التجهيز الذاتي مجموعة محذوفة. لا ينطبق ذلك على أحد.
console-attention-rule-group-gone = تذكر قاعدة التسجيل «{ $what }» مجموعة محذوفة. لا ينطبق ذلك على أحد.
console-attention-mail-waits = تنتظر رسائل البريد الإرسال منذ { $time }، لذلك لا يصل إلى أحد الرمز الذي يبدأ به التسجيل. تحقّق من أن خادم البريد يستجيب.
console-attention-waiting =
    { $count ->
        [zero] لا أحد ينتظر موافقة.
        [one] شخص واحد ينتظر موافقة.
        [two] شخصان ينتظران موافقة.
        [few] { $count } أشخاص ينتظرون موافقة.
        [many] { $count } شخصًا ينتظرون موافقة.
       *[other] { $count } شخص ينتظرون موافقة.
    }
console-attention-approvals = { $count ->
    [zero] لا توجد إجراءات تنتظر موافقتك.
    [two] إجراءان ينتظران موافقتك.
    [few] { $count } إجراءات تنتظر موافقتك.
    [many] { $count } إجراءً ينتظر موافقتك.
    [one] إجراء واحد ينتظر موافقتك.
   *[other] { $count } إجراء ينتظر موافقتك.
}
console-attention-collect = { $count ->
    [zero] لا توجد إجراءات موافق عليها.
    [two] تمت الموافقة على إجراءين طلبتهما: عليك تنفيذهما الآن.
    [few] تمت الموافقة على { $count } إجراءات طلبتها: عليك تنفيذها الآن.
    [many] تمت الموافقة على { $count } إجراءً طلبته: عليك تنفيذها الآن.
    [one] تمت الموافقة على إجراء طلبته: عليك تنفيذه الآن.
   *[other] تمت الموافقة على { $count } إجراء طلبته: عليك تنفيذها الآن.
}
console-attention-locked = أدوات مصادقة مقفلة بسبب رموز مرور خاطئة: { $what }.
console-attention-certificate = تنتهي صلاحية شهادة { $what } في { $time }.
console-attention-certificate-over = انتهت صلاحية شهادة { $what } في { $time }.

## Console: settings in general
console-saved = تم الحفظ.
console-unchanged = لم يتغيّر شيء.
console-choose-again = تطابق الحقول الآن ما اخترته. راجعها ثم طبّق.
console-conflict = سبقك شخص آخر
console-conflict-text = تغيّر هذا أثناء تعديلك له. لم يُحفظ شيء مما أدخلته. ما كتبته ما زال أدناه؛ وإذا تابعت حلّ محلّ هذه التغييرات:
console-conflict-again = تغيّر هذا أثناء اطّلاعك عليه، فلم يُنفَّذ شيء. تجده أدناه كما هو الآن؛ أعِد العملية إذا كانت لا تزال مطلوبة. ما تغيّر:
console-log = سجل التغييرات
console-log-empty = لم يتغيّر شيء بعد.
console-note-new-tokens = ينطبق على أدوات المصادقة التي تُسجَّل من الآن فصاعدًا.
console-note-targets = تبقى أدوات المصادقة المسجَّلة تعمل وإن لم تعد منصّتها مسموحًا بها؛ يتوقف التسجيل الجديد فقط.

## Console: Self-Provisioning
console-section-target-users = المستخدمون المستهدفون
console-section-target-users-hint = من تُعرض عليه إضافة تطبيق مصادقة عندما يُطلب رمز مرور وليس لديه تطبيق.
console-field-target_users-mode = يُعرض على
console-choice-target_users-mode-all = جميع المستخدمين
console-choice-target_users-mode-only_groups = أعضاء هذه المجموعات فقط
console-choice-target_users-mode-except_groups = جميع المستخدمين ما عدا أعضاء هذه المجموعات
console-choice-target_users-mode-none = لا أحد من المستخدمين
console-field-target_users-groups = المجموعات
console-group-add = إضافة مجموعة
console-group-add-hint = للخيارين اللذين يذكران مجموعات فقط. يُحتسب كذلك أعضاء المجموعات الواقعة ضمنها.
console-group-add-button = إضافة
console-group-gone = محذوفة
console-section-platforms = المنصّات المستهدفة
console-no-platform = لا توجد منصّة مسموح بها.
console-platforms-link = إعدادات أدوات المصادقة البرمجية وPush OTP
console-section-windows = Windows 10
console-section-windows-hint = كيف يحصل المستخدمون على التطبيق على الحاسوب الذي يسجّلون الدخول منه.
console-field-windows_link = الرابط
console-choice-windows_link-none = عدم عرض رابط لتثبيت التطبيق
console-choice-windows_link-none-hint = التطبيق مثبَّت من قبل.
console-choice-windows_link-store = عرض رابط التطبيق في Microsoft Store
console-choice-windows_link-installer = عرض رابط برنامج التثبيت (‎.exe)
console-field-installer_url = عنوان URL لبرنامج التثبيت
console-field-installer_url-hint = عنوان يبدأ بـ https://‎ ويستطيع المستخدمون الوصول إليه. مع برنامج التثبيت فقط.
console-section-stores = متاجر التطبيقات
console-section-stores-hint = أين يوجد Doorward Authenticator، إذا كنت قد نشرته. وحيث لا يُذكر شيء يُعرض رابط صفحة التثبيت الخاصة به بدلًا من ذلك.
console-field-app_store_url = عنوان URL في App Store
console-field-app_store_url-hint = لأجهزة iPhone وiPad. عنوان يبدأ بـ ‎https://‎.
console-field-google_play_url = عنوان URL في Google Play
console-field-google_play_url-hint = لأجهزة Android. عنوان يبدأ بـ ‎https://‎.
console-field-microsoft_store_url = عنوان URL في Microsoft Store
console-field-microsoft_store_url-hint = لأجهزة Windows، مع خيار رابط Microsoft Store. عنوان يبدأ بـ ‎https://‎.
console-section-other-apps = تطبيقات أخرى
console-section-other-apps-hint = التطبيقات التي يمكن للمستخدمين استعمالها.
console-field-other_apps = تطبيق غير الذي يُعرض أولًا
console-field-other_apps-hint = أثناء إعداد أداة المصادقة، يستطيع المستخدمون اختيار أي تطبيق يفي بما يطلبه القالب. وإذا أُوقف هذا، عُرض عليهم أول تطبيق يفي بذلك.
console-section-several = عدة تطبيقات مصادقة
console-section-several-hint = ما زاد على الأول يضيفه المستخدمون في صفحتهم، ولا يضيفه إلا من سجّل الدخول للتوّ بتطبيق مصادقة: كلمة المرور والبريد لا يكفيان.
console-field-max_tokens = تطبيقات المصادقة لكل مستخدم
console-field-max_tokens-hint = من 1 إلى 5. تُحسب أدوات المصادقة المادية أيضًا. إذا كان لدى المستخدم أكثر من المسموح به، بقيت كما هي.
console-section-recovery = استرداد الوصول
console-section-recovery-hint = كيف يسجّل الدخول من فقد تطبيق المصادقة الخاص به.
console-field-recovery_codes = رموز الاسترداد
console-field-recovery_codes-hint = يستطيع المستخدمون إنشاء عشرة رموز في صفحتهم، يُستخدم كل منها مرة واحدة. يحلّ رمز الاسترداد محلّ رمز المرور، ومن سجّل الدخول برمز استرداد يستطيع إلغاء تطبيق مصادقة مفقود وإضافة غيره. إذا عُطِّل هذا الخيار فلا تُقبل الرموز التي أُنشئت من قبل.
console-kinds = تطبيقات المصادقة التي تفي بذلك
console-kinds-hint = على المنصّات المسموح بها، وفق ما هو محفوظ.
console-kinds-hint-editing = على المنصّات المسموح بها، وفق ما أُرسل آخر مرة.
console-kinds-none-for = لا يوجد تطبيق مصادقة يفي بذلك على { $target }: لا يُعرض على أحد هناك.
console-kinds-kind = تطبيق المصادقة
console-kinds-fits = نعم
console-warning-no-exe = لا ينتهي عنوان برنامج التثبيت بـ ‎.exe.
console-preview = المعاينة كمستخدم
console-preview-hint = هل يُعرض التجهيز الذاتي على مستخدم الآن وفق الإعدادات المحفوظة؟
console-preview-name = اسم المستخدم
console-preview-submit = معاينة
console-preview-offered = يُعرض.
console-preview-not-offered = لا يُعرض.
console-preview-yes = سيختار المستخدم من بين هذه المنصّات:
console-preview-unknown-user = لا يوجد مستخدم بهذا الاسم.
console-preview-disabled = المستخدم معطَّل.
console-preview-has-token = لدى المستخدم أداة مصادقة من قبل.
console-preview-no-users = لا يُعرض على أيّ مستخدم.
console-preview-not-in-groups = ليس المستخدم في أيّ من المجموعات.
console-preview-excluded = المستخدم في مجموعة مستثناة.
console-preview-no-platform = لا توجد منصّة مسموح بها.
console-preview-no-plugin = لا يوجد تطبيق مصادقة يلبّي ما يطلبه قالب أدوات المصادقة.
console-preview-begins = تبدأ قاعدة التسجيل الخاصة بالمستخدم في { $time }.
console-preview-not-reached = لم تشمل قاعدة التسجيل المستخدم بعد: فهو خارج نسبتها المئوية.

## Console: Enrolment Rules
console-section-rules = القواعد
console-section-rules-hint = كيف يحصل من يُعرض عليهم التجهيز الذاتي على أداة مصادقة. تُفحص القواعد من الأولى إلى الأخيرة، ولا تُحتسب إلا أول قاعدة تنطبق على المستخدم.
console-rule-everybody = الجميع
console-rule-percentage = { $percentage } في المئة منهم
console-rule-from = من { $day }
console-rule-until = يمكن التأجيل حتى { $day }
console-rule-at-once = لا يمكن التأجيل
console-rule-networks = فقط من
console-rule-proof-trusted_network = فقط من شبكة موثوقة
console-rule-proof-operator_approval = موافقة مشغّل
console-rule-proof-help_desk_code = رمز من مكتب المساعدة
console-rule-probation = فترة الاختبار بالساعات: { $hours }
console-rule-up = إلى أعلى
console-rule-down = إلى أسفل
console-rule-none-fits = من لا تنطبق عليه أيّ قاعدة يستطيع التسجيل فورًا بالرمز المُرسَل بالبريد وحده، ولا يستطيع تأجيله.
console-rules-empty = لا توجد قواعد: من يُعرض عليه التجهيز الذاتي يستطيع التسجيل فورًا بالرمز المُرسَل بالبريد وحده، ولا يستطيع تأجيله. تتيح لك القاعدة أن تبدأ بعدد قليل، أو تحدّد يومًا أخيرًا، أو تطلب أكثر من الرمز.
console-rules-full = لا يمكن إضافة مزيد من القواعد.
console-task-rule-new = إضافة قاعدة
console-task-rule-edit = تعديل القاعدة
console-task-rule-up = نقل القاعدة إلى أعلى
console-task-rule-up-text = تُفحص القاعدة قبل القاعدة التي فوقها.
console-task-rule-down = نقل القاعدة إلى أسفل
console-task-rule-down-text = تُفحص القاعدة بعد القاعدة التي تحتها.
console-task-rule-remove = إزالة القاعدة
console-task-rule-remove-text = من تنطبق عليهم ينتقلون إلى القاعدة التالية التي تنطبق عليهم، أو لا تشملهم أيّ قاعدة. من لديه أداة مصادقة يحتفظ بها، وفترة الاختبار التي بدأت تستمر.
console-field-rule = القاعدة
console-field-rule-place = الموضع
console-field-rule-name = الاسم
console-field-rule-name-hint = ما يسمّيها به المشغّلون.
console-field-rule-groups = المجموعات
console-field-rule-groups-hint = من تخصّهم القاعدة؛ وهي للجميع إذا لم تُذكر أيّ مجموعة. يُحتسب كذلك أعضاء المجموعات الواقعة ضمنها.
console-field-rule-percentage = النسبة المئوية
console-field-rule-percentage-hint = كم تشمل من كل مئة منهم: من 1 إلى 100. من تشمله نسبة أصغر تشمله أيضًا نسبة أكبر. لا يُعرض التسجيل على الآخرين بعد.
console-field-rule-starts_on = اليوم الأول
console-field-rule-starts_on-hint = متى يبدأ عرض التسجيل (UTC)؛ فورًا إذا لم يُحدَّد يوم.
console-field-rule-deadline = الموعد النهائي
console-field-rule-deadline-hint = آخر يوم يستطيع فيه المستخدمون تأجيل التسجيل (UTC)، إذا كانت سياسة الوصول تسمح لهم حتى ذلك الحين بالدخول من دون أداة مصادقة. إذا لم يُحدَّد فلا يمكنهم التأجيل. يُذكَّر بالبريد من ليس لديهم أداة مصادقة قبل 7 أيام و3 أيام ويوم واحد.
console-field-rule-proof = إثبات إضافي
console-field-rule-proof-hint = ما يُطلب إلى جانب الرمز المُرسَل بالبريد قبل أن يحصل أحد على أداة مصادقة.
console-choice-rule-proof-none = لا شيء
console-choice-rule-proof-none-hint = من لديه كلمة مرور مستخدم ويصل إلى بريده يحصل على أداة مصادقة.
console-choice-rule-proof-trusted_network = شبكة موثوقة
console-choice-rule-proof-trusted_network-hint = لا يُعرض التسجيل إلا على القادمين من إحدى الشبكات أدناه.
console-choice-rule-proof-operator_approval = موافقة مشغّل
console-choice-rule-proof-operator_approval-hint = يطلبها المستخدم وينتظر؛ ويوافق مشغّل أو يرفض في وحدة التحكّم.
console-choice-rule-proof-help_desk_code = رمز من مكتب المساعدة
console-choice-rule-proof-help_desk_code-hint = يتصل المستخدم؛ ومن يعرفه يعطيه رمزًا من صفحته هنا.
console-field-rule-networks = الشبكات
console-field-rule-networks-hint = مع خيار الشبكة الموثوقة فقط. واحدة في كل سطر: ‎10.0.0.0/8‎ أو ‎2001:db8::/32‎ أو عنوان مفرد.
console-field-rule-probation_hours = فترة الاختبار
console-field-rule-probation_hours-hint = عدد الساعات التي تبقى فيها أداة المصادقة الجديدة في فترة الاختبار: من 0 إلى 720. تحدّد سياسات الوصول ما يظلّ مغلقًا خلالها.
console-fault-network = «{ $value }» ليس شبكة، مثل ‎10.0.0.0/8‎، ولا عنوانًا.
console-fault-host-bits = يشير «{ $value }» إلى حاسوب لا إلى شبكة. الشبكة هي { $network }.

## Console: Appearance
console-section-look = الاسم واللون
console-section-look-hint = ما يراه المستخدمون في كل صفحة من صفحات البوابة.
console-section-logo = الشعار
console-section-logo-hint = يظهر في أعلى كل صفحة بجانب الاسم.
console-section-help = المساعدة
console-section-help-hint = تظهر حيث قد يتعثّر المستخدم.
console-section-languages = اللغات
console-section-languages-hint = اللغات التي يستطيع المستخدمون الاختيار من بينها.
console-section-words = النصوص
console-section-words-hint = نصوص خاصة بك تحلّ محلّ نصوصنا في البوابة وفي رسائلها.
console-field-product_name = اسم المنتج
console-field-product_name-hint = يظهر في أعلى كل صفحة ورسالة: من 1 إلى 64 محرفًا. إذا تُرك فارغًا ظهر اسم الخادم الافتراضي.
console-field-accent = لون التمييز
console-field-accent-hint = لون الأزرار والروابط: علامة # وستة محارف من 0 إلى 9 ومن a إلى f، مثل ‎#2447b5‎. يجب أن تكون الحروف البيضاء مقروءة عليه. يُفتَّح تلقائيًا للشاشات الداكنة.
console-colour-show = عرض
console-field-logo = الصورة
console-field-logo-hint = ‏PNG أو JPEG أو WebP، بحدّ أقصى 64 KiB.
console-logo-alt = الشعار
console-logo-none = لا يوجد شعار؛ يظهر مكانه شعار Doorward.
console-field-support = جهة اتصال الدعم
console-field-support-hint = من يُسأل: سطر واحد من 200 محرف على الأكثر، مع رقم هاتف مثلًا.
console-field-support_url = عنوان الدعم
console-field-support_url-hint = يبدأ بـ ‎https://‎ أو ‎mailto:‎ أو ‎tel:‎.
console-field-languages = المعروضة
console-field-languages-hint = جميعها إذا لم تُحدَّد أيّ لغة.
console-field-default_language = اللغة الافتراضية
console-field-default_language-hint = لمن لا يطلب أيّ لغة معروضة؛ والإنجليزية إذا لم تُختر لغة.
console-field-texts = النصوص
console-task-appearance-logo = إرسال شعار
console-task-appearance-logo-text = يحلّ محلّ الشعار السابق فورًا.
console-task-appearance-logo-remove = إزالة الشعار
console-task-appearance-logo-remove-text = يظهر مكانه شعار Doorward من جديد.
console-task-appearance-words-reset = استعادة جميع النصوص الأصلية
console-task-appearance-words-reset-text = تزول جميع نصوصك (اللغة: { $what }) وتُعرض نصوصنا من جديد.
console-words-none = لم يُستبدل أيّ نصّ.
console-words-text = الحقل الفارغ يعني نصّنا. ما بين الأقواس المعقوفة يُملأ تلقائيًا.
console-words-may-say = يمكن أن يرد بين الأقواس المعقوفة:
console-words-find = جزء من الاسم أو النصّ
console-words-own = المستبدلة فقط
console-words-replaced = مستبدل
console-words-reset = استعادة
console-words-none-found = لا يوجد نصّ كهذا.

## Console: Software Token & Push OTP Settings
console-section-targets = الأجهزة المسموح بها وإعدادات الإشعارات الفورية
console-section-targets-hint = ما يمكن تسجيل أداة مصادقة عليه، وإلى أين تُرسل الإشعارات الفورية. يتلازم «مسموح به» و«Doorward Authenticator».
console-targets-table = المنصّات
console-targets-os = نظام التشغيل
console-targets-device = نوع الجهاز
console-column-allowed = مسموح به
console-column-app = Doorward Authenticator
console-column-push = الإشعارات الفورية مفعَّلة
console-os-android = Android
console-os-ios = iOS
console-os-windows-mobile = Windows 10 Mobile
console-os-windows-desktop = Windows 10
console-device-android = هاتف/جهاز لوحي
console-device-ios = هاتف/جهاز لوحي
console-device-windows-mobile = هاتف
console-device-windows-desktop = حاسوب/جهاز لوحي
console-target-android = ‏Android، هاتف/جهاز لوحي
console-target-ios = ‏iOS، هاتف/جهاز لوحي
console-target-windows-mobile = ‏Windows 10 Mobile، هاتف
console-target-windows-desktop = ‏Windows 10، حاسوب/جهاز لوحي

## Console: Token Templates
console-section-passcode = رمز المرور
console-field-type = النوع
console-token-type = Doorward Authenticator
console-field-mode = الوضع
console-choice-mode-quick_log = Quick Log
console-choice-mode-quick_log-hint = موصى به. لا يلزم إدخال أيّ شيء في التطبيق.
console-choice-mode-challenge_response = تحدٍّ واستجابة
console-choice-mode-challenge_response-hint = يُدخل المستخدم التحدّي في التطبيق ثم يكتب إجابته.
console-field-length = الطول
console-field-length-hint = عدد محارف رمز المرور.
console-field-synchronization-by = المزامنة
console-choice-synchronization-by-time = حسب الوقت
console-choice-synchronization-by-event = حسب الحدث
console-field-synchronization = المزامنة
console-field-synchronization-time-step = عدد الثواني حتى رمز المرور التالي
console-field-synchronization-time-step-hint = لا تُعرض تطبيقات المصادقة القياسية إلا مع 30 و60 ثانية.
console-field-synchronization-event-look_ahead = عدد النقرات قبل أن يلزم توليد رمز مرور آخر
console-field-synchronization-event-look_ahead-hint = من 1 إلى 100.
console-section-pin = الرقم السري (PIN)
console-field-pin_type = نوع الرقم السري (PIN)
console-choice-pin_type-none = بلا رقم سري (PIN)
console-choice-pin_type-none-hint = يكفي رمز المرور وحده.
console-choice-pin_type-user_selected = رقم سري (PIN) يختاره المستخدم
console-choice-pin_type-user_selected-hint = يطلبه التطبيق قبل أن يعرض رمز المرور.
console-choice-pin_type-server_side = رقم سري على الخادم يختاره المستخدم
console-choice-pin_type-server_side-hint = يُكتب مع رمز المرور؛ وتحكمه سياسة الرقم السري (PIN) على الخادم.
console-choose-fields = إظهار حقول هذا الاختيار
console-field-pin_length = طول الرقم السري (PIN)
console-field-pin_length-hint = الحدّ الأدنى لعدد المحارف: من 4 إلى 8.
console-field-allow_trivial_pins = السماح بالأرقام السرية البسيطة
console-field-allow_trivial_pins-hint = مثل 1234 أو 2222.
console-field-max_pin_attempts = الحدّ الأقصى لمحاولات الرقم السري (PIN)
console-field-max_pin_attempts-hint = عدد الأرقام السرية الخاطئة المتتالية المسموح بها: من 1 إلى 15. تُقفل أداة المصادقة عند خطأ إضافي إلى أن تُسجَّل من جديد.
console-field-min_pin_complexity = الحدّ الأدنى لتعقيد الرقم السري (PIN)
console-choice-min_pin_complexity-decimal = عشري
console-choice-min_pin_complexity-decimal-hint = أرقام أو حروف لاتينية أو كلاهما.
console-choice-min_pin_complexity-strong_alphanumeric = حروف وأرقام، قوي
console-choice-min_pin_complexity-strong_alphanumeric-hint = حرف كبير وحرف صغير ورقم واحد على الأقل.
console-tester = تجربة رقم سري (PIN)
console-tester-hint = عيّنة يُحكم عليها بالقواعد كما هي في هذا النموذج. لا تستخدم رقمًا سريًا يخصّ أحدًا.
console-tester-submit = تجربة
console-tester-accepted = سيُقبل هذا الرقم السري.
console-field-allow_biometric_pin = السماح بالقياسات الحيوية بدلًا من الرقم السري (PIN)
console-field-allow_biometric_pin-hint = يمكن أن تحلّ بصمة الإصبع أو الوجه محلّ الرقم السري. ينطبق عند التسجيل فقط.

## Console: Server-side PIN Policy
console-section-pin-use = الاستخدام
console-field-change_on_first_use = تغيير الرقم السري (PIN) عند أول استخدام إلزامي (لا يستطيع المشغّل تجاوزه)
console-field-force_random = فرض أرقام سرية (PIN) عشوائية (لا يستطيع المشغّل تجاوزه)
console-field-order = ترتيب معالجة الرقم السري (PIN)
console-choice-order-prepend = الرقم السري قبل رمز المرور
console-choice-order-append = الرقم السري بعد رمز المرور
console-section-pin-form = الشكل
console-field-min_length = الحدّ الأدنى للطول
console-field-min_length-hint = من 3 إلى 15.
console-field-max_length = الحدّ الأقصى للطول
console-field-max_length-hint = من 4 إلى 16.
console-field-generated_length = الطول الافتراضي عند التوليد
console-field-generated_length-hint = بين الحدّين.
console-field-complexity = الحدّ الأدنى للتعقيد
console-choice-complexity-decimal = عشري
console-choice-complexity-decimal-hint = أرقام أو حروف لاتينية أو كلاهما.
console-choice-complexity-strong_alphanumeric = حروف وأرقام، قوي
console-choice-complexity-strong_alphanumeric-hint = حرف كبير وحرف صغير ورقم واحد على الأقل.
console-field-allow_trivial = السماح بالأرقام السرية البسيطة
console-field-allow_trivial-hint = مثل 1234 أو 2222.
console-section-pin-change = التغيير
console-field-change_after_days = تواتر التغيير
console-field-change_after_days-hint = عدد الأيام التي يجب بعدها تغيير الرقم السري: من 0 إلى 365، و0 يعني أبدًا.
console-field-history = الأرقام السرية التي لا تُقبل مجددًا
console-field-history-hint = من 0 إلى 10، بدءًا من الأحدث.

## Console: Synchronization
console-section-time = أدوات المصادقة حسب الوقت
console-section-time-hint = رمز المرور الواقع في النافذة الداخلية يتيح تسجيل الدخول. أما الواقع في النافذة الخارجية فلا: يُطلب الرمز التالي خلال ثلاث دقائق.
console-field-inner_steps = النافذة الداخلية
console-field-inner_steps-hint = عدد الخطوات الزمنية في كل اتجاه: من 0 إلى 10.
console-field-outer_steps = النافذة الخارجية
console-field-outer_steps-hint = عدد الخطوات الزمنية في كل اتجاه: حتى 100، ولا يقلّ عن النافذة الداخلية.
console-section-event = أدوات المصادقة حسب الحدث
console-section-event-hint = تُحدَّد نافذتها الداخلية في قالب أدوات المصادقة.
console-field-outer_events = النافذة الخارجية
console-field-outer_events-hint = عدد النقرات التالية: من 1 إلى 1000.

## Console: Account Lockout Policy
console-section-account = الحسابات
console-section-account-hint = من متصفّحات لا يعرفها الحساب. المتصفّح الذي سبق أن سجّل المستخدم الدخول منه لا يُقفل بسبب غرباء.
console-field-account_failures = حدّ قفل الحساب
console-field-account_failures-hint = عدد كلمات المرور الخاطئة المتتالية المسموح بها: من 0 إلى 50، و0 يعني عدم القفل أبدًا.
console-field-account_minutes = مدة القفل
console-field-account_minutes-hint = بالدقائق: من 1 إلى 1440.
console-section-token = أدوات المصادقة
console-field-token_failures = حدّ قفل أداة المصادقة
console-field-token_failures-hint = عدد رموز المرور الخاطئة المتتالية المسموح بها: من 1 إلى 50.
console-field-token_minutes = مدة قفل أداة المصادقة
console-field-token_minutes-hint = بالدقائق: من 1 إلى 1440.

## Console: access policies
console-page-access_policies = السياسات
console-page-explain = تفسير قرار
console-page-cases = الحالات
console-page-replay = إعادة القرار
console-page-shadow = سياسات الظل
console-page-decisions = سجل القرارات
console-policies-pages = صفحات السياسات
console-policies-tab-list = السياسات
console-policies-tab-explain = تفسير
console-policies-tab-cases = الحالات
console-policies-tab-replay = إعادة القرار
console-policies-tab-shadow = الظل
console-policies-tab-decisions = سجل القرارات
console-policies-text = من يصل إلى أين. السياسات ملفات بجوار البوابة: تُغيَّر هناك لا هنا، وتُقرأ عند البدء وعند إعادة التحميل.
console-policies-count = العدد
console-policies-loaded = وقت القراءة
console-policies-fingerprint = البصمة
console-policies-find = معرّف السياسة أو التطبيق أو الملف أو النص
console-policies-none = لا توجد سياسة كهذه.
console-policies-empty = لا توجد أي سياسة، فلا يصل أحد إلى أي مكان.
console-policies-line = السطر { $what }
console-policies-app = لـ { $what }
console-policies-any-app = لأي تطبيق
console-policies-comment = ما كُتب فوقها
console-policies-source = نص السياسة
console-effect-permit = تسمح
console-effect-forbid = تمنع
console-decision-admit = مسموح
console-decision-challenge = إثبات إضافي
console-decision-refuse = مرفوض
console-factor-password = كلمة المرور
console-factor-otp = رمز المرور
console-factor-push = إشعار الموافقة
console-factor-passkey = مفتاح المرور
console-explain-text = ما الذي ستقرره السياسات السارية بشأن طلب، ولماذا. لا يُغيَّر شيء ولا يُسجَّل.
console-explain-answer = ما الذي سيُقرَّر
console-explain-nothing-permits = لا تسمح به أي سياسة.
console-explain-disabled = هذا المستخدم معطّل ولا يستطيع تسجيل الدخول.
console-explain-groups = المجموعات
console-explain-from = من
console-explain-at = في
console-explain-policies = شرطًا شرطًا
console-explain-no-policy = لا توجد سياسة لهذا التطبيق، فلا يدخل أحد.
console-explain-suppose = طلب مفترض
console-explain-submit = تفسير
console-explain-user = المستخدم
console-explain-user-hint = اسم تسجيل الدخول. فارغ: لا أحد مسجّل الدخول.
console-explain-groups-hint = أسماء تفصل بينها فواصل، بدلًا من مجموعات المستخدم؛ ولا يلزم حينها أن يكون موجودًا.
console-explain-app = التطبيق
console-explain-method = الطريقة
console-explain-path = المسار
console-explain-path-hint = كما في شريط العنوان، دون ما يلي «?».
console-explain-address = عنوان أو شبكة
console-explain-address-hint = 192.0.2.7 أو 10.0.0.0/8؛ ومن الشبكة يؤخذ العنوان الأول.
console-explain-time = الوقت
console-explain-time-hint = 2026-12-24T18:00:00Z. فارغ: الآن.
console-explain-secure = يصل عبر TLS
console-explain-proved = ما أُثبت
console-explain-proved-hint = قبل كم من الوقت: 0s أو 90s أو 5m أو 2h أو 1d. فارغ: لم يُثبت.
console-explain-deferred = التسجيل مؤجّل
console-explain-probation = أداة المصادقة في فترة الاختبار
console-fault-path = ترفض البوابة هذا المسار قبل سؤال أي سياسة: { $why }.
console-fault-path-form = يبدأ المسار بـ «/» ولا يحتوي على «?» أو «#».
console-fault-age = اكتب 0s أو 90s أو 5m أو 2h أو 1d.
console-fault-time = اكتب وقتًا مثل 2026-12-24T18:00:00Z.
console-policy-held = تحققت
console-policy-not-held = لم تتحقق
console-policy-error = تعذّر تقييمها
console-policy-decided = حسمت القرار
console-clause-held = تحقق
console-clause-failed = لم يتحقق
console-clause-not-reached = لم يُبلغ
console-clause-error = خطأ
console-cases-text = طلبات مكتوبة مع ما يجب أن تقرره السياسات: ملفات ‎*.toml في المجلد «cases» بجوار السياسات.
console-cases-empty = لا توجد حالات بجوار السياسات.
console-cases-run = تشغيل الحالات
console-cases-again = تشغيلها مجددًا
console-cases-passed = كما هو متوقع: { $count }
console-cases-failed = خلاف المتوقع: { $count }
console-cases-none = لا توجد حالة في هذا الملف.
console-case-passed = كما هو متوقع
console-case-failed = خلاف المتوقع
console-replay-text = ما الذي كانت ستقرره سياسات معدّلة بشأن الطلبات المسجّلة. لا يسري شيء.
console-replay-broken = هذه السياسات غير صحيحة
console-replay-answer = ما الذي سيختلف
console-replay-no-records = لم يُسجَّل شيء بعد، فلا يوجد ما يُقرَّر من جديد.
console-replay-looked = السجلات: { $records }، وتمثل طلبات عددها: { $requests }، منذ { $time }.
console-replay-incomplete = هناك أكثر مما يمكن تقريره في لحظة: كانت هذه الأحدث.
console-replay-same = سيُقرَّر كل طلب مسجّل كما قُرّر.
console-replay-users = المستخدمون: { $count }
console-replay-requests = الطلبات: { $count }
console-replay-then = سيصبح
console-replay-example = مثلًا
console-replay-left-out = غير معروض: { $count }
console-replay-propose = السياسات المعدّلة
console-replay-propose-text = عدّل الملفات أدناه أو اختر ملفات معدّلة. الملف المُفرَّغ يُستبعد.
console-replay-changed = معدّل
console-replay-new-file = ملف إضافي
console-replay-new-file-hint = تقف سياساته بجانب الأخرى.
console-replay-files = الملفات
console-replay-files-hint = يحلّ كل ملف محل الملف الذي يحمل اسمه أو يقف بجانب الأخرى.
console-replay-submit = القرار من جديد
console-replay-reset = السياسات السارية
console-fault-replay-busy = هناك إعادة أخرى جارية. حاول مجددًا بعد لحظة.
console-fault-not-text = أحد الملفات ليس نصًّا.
console-difference-same = دون تغيير
console-difference-lose = سيفقد الوصول
console-difference-gain = سينال الوصول
console-difference-step = سيُطلب منه إثبات آخر
console-shadow-text = سياسات تُسأل عند كل قرار بجانب السارية. لا تغيّر أي جواب؛ وما كانت ستقرره خلافًا لها يُعدّ ويُسجَّل.
console-shadow-empty = لا توجد سياسات ظل.
console-shadow-how = في الإعدادات يحدد مجلدها.
console-shadow-broken = ليست صحيحة، لذا لا تُسأل
console-shadow-folder = المجلد
console-shadow-said = ما قالته
console-shadow-nothing-yet = لم تُسأل بعد، أو لم يُعدّ ذلك بعد: يستغرق الأمر بضع ثوانٍ.
console-shadow-differences = أين قالت خلاف ذلك
console-shadow-all = الكل
console-shadow-no-differences = لا شيء حتى الآن.
console-decisions-text = ما قُرّر مؤخرًا: سجل واحد لكل الطلبات المتشابهة في يوم. هي معدودة ولا تثبت شيئًا؛ فسجل التدقيق لذلك.
console-decisions-empty = لم يُسجَّل شيء بعد. تُكتب السجلات كل بضع ثوانٍ.
console-decisions-none = لم يُسجَّل شيء كهذا.
console-decisions-searching = لم يُبحث في كل شيء. تابع إلى الجزء التالي.
console-decisions-days = كم يُحفظ
console-decisions-records = السجلات: { $count }
console-decisions-left-out = طلبات مستبعدة: { $count }
console-decision-day = اليوم
console-decision-who = من
console-decision-nobody = لا أحد مسجّل الدخول
console-decision-request = الطلب
console-decision-network = الشبكة
console-decision-proved = أُثبت
console-decision-decided = القرار
console-decision-count = الطلبات
console-decision-shadow = الظل:
console-decision-explain = تفسير

## Console: operators
console-role-administrator = مدير
console-role-help_desk = مكتب المساعدة
console-role-auditor = مدقّق
console-role-hint-administrator = يستطيع فعل كل شيء.
console-role-hint-help_desk = يطّلع على كل شيء، ويعتني بالمستخدمين وأدوات مصادقتهم.
console-role-hint-auditor = يطّلع على كل شيء ولا يغيّر شيئًا.
console-operator-role = الدور
console-operator-state = الحالة
console-operator-since = منذ
console-operator-last = آخر تسجيل دخول
console-operator-seen = آخر تسجيل دخول: { $time }
console-operator-you = أنت
console-operator-enabled = مفعَّل
console-operator-disabled = معطَّل
console-operator-disable = تعطيل
console-operator-disable-hint = لا يعود بإمكانه تسجيل الدخول، وتُنهى جلساته فورًا.
console-fault-last-administrator = لا يمكن تعطيل المدير الأخير ولا إسناد دور آخر إليه. وما دام أي شيء يتطلب مشغّلَين، يبقى آخر اثنين.
console-invite = دعوة مشغّل
console-invite-hint = تحصل على رابط لتسلّمه. من يفتحه يختار الاسم وكلمة المرور والعامل الثاني.
console-invite-submit = إنشاء الرابط
console-invitations = دعوات مفتوحة
console-invitation-of = دعا إليها { $by }، حتى { $time }
console-task-invitation-withdraw = سحب
console-task-invitation-withdraw-text = الدعوة التي أنشأها { $what }، والصالحة حتى { $time }، لا تؤدي بعدها إلى شيء. من أُرسل إليه الرابط يحتاج إلى رابط جديد.
console-done-invitation-withdrawn = سُحبت الدعوة: رابطها لا يؤدي إلى شيء.
console-invited-title = الرابط جاهز
console-invited-text = سلّم هذا الرابط إلى المشغّل المرتقب، بدور: { $role }. يعمل مرة واحدة، حتى { $time }.
console-invited-hint = لا يُعرض هنا إلا الآن. من يملكه يصبح مشغّلًا، لذا سلّمه بطريقة لا يقرؤه بها أحد غيره.
console-task-operator-recovery = استعادة الوصول
console-task-operator-recovery-text = يُنشأ رابط يعيد به { $what } تعيين كلمة المرور والعامل الثاني. يبقى الاسم والدور ومفاتيح API كما هي. عند استخدامه تُنهى كل جلساته.
console-task-operator-recovery-two = من يملك الرابط يمكنه تسجيل الدخول باسم { $what }. وحيث يتطلب منح الصلاحيات مشغّلَين، يُعطَّل { $what } عند استخدامه إلى أن يوافق مشغّل آخر على تفعيله.
console-recovery-text = سلّم هذا الرابط إلى { $name } شخصيًا. يعمل مرة واحدة، حتى { $time }.
console-recovery-hint = لا يُعرض هنا إلا الآن. من يملكه يمكنه تسجيل الدخول باسم { $name }، فلا تعطه لأحد غيره.
console-setup-anew = اختر كلمة مرور جديدة واربط تطبيق مصادقة، { $name }. لا يتغيّر شيء قبل أن تنتهي؛ وعندها تُنهى كل جلساتك.
console-account-password = تغيير كلمة المرور
console-account-submit = تغيير كلمة المرور
console-account-changed = تغيّرت كلمة المرور الخاصة بك، وأُنهيت جلساتك الأخرى.

## Console: approvals
console-page-pending = الموافقات
console-page-approvals = ما يتطلب مشغّلَين
console-approvals-hint = ما ينتظر هنا طلبه مشغّل، ويُنفَّذ عندما يوافق عليه مشغّل آخر.
console-approvals-all = إظهار المنتهي أيضًا
console-approvals-open = إظهار المفتوح فقط
console-approvals-empty = لا شيء ينتظر.
console-approvals-none = لم يُطلب شيء بعد.
console-approvals-waiting = بانتظارك: { $count }
console-act-setting_put = تغيير الإعدادات
console-act-operator_invite = دعوة مشغّل
console-act-operator_role = إسناد دور آخر
console-act-operator_enable = تفعيل مشغّل
console-act-role_add = إنشاء دور
console-act-role_set = تغيير دور
console-act-role_delete = حذف دور
console-act-api_key_add = إنشاء مفتاح API
console-act-user_delete = حذف مستخدم
console-act-token_delete = حذف أداة مصادقة
console-act-export = تنزيل
console-approval-waiting = بالانتظار
console-approval-approved = موافَق عليه
console-approval-done = نُفِّذ
console-approval-refused = مرفوض
console-approval-withdrawn = مسحوب
console-approval-expired = انتهت مدته
console-approval-own = طلبك
console-approval-state = الحالة
console-approval-asked-by = طلبه
console-approval-by-key = بمفتاح API
console-approval-decided-by = قرّره
console-approval-until = مفتوح حتى
console-approval-approvers = يستطيع الموافقة
console-approval-nobody = لا أحد الآن
console-approval-changes = ما الذي سيتغيّر
console-approval-outdated = ما يتعلق به الطلب لم يعد موجودًا أو تغيّر منذ ذلك. لا يمكن تنفيذه بعد الآن: ارفضه ثم قدّم طلبًا جديدًا.
console-approval-collect-hint = تمت الموافقة. النتيجة لك وحدك: أعد الإجراء بالبيانات نفسها. يعمل مرة واحدة.
console-approval-collect-file = تمت الموافقة. النتيجة لك وحدك: نزّل الملف بقدر ما يلزم من المرات للحصول عليه كاملًا، إلى أن تنتهي الموافقة.
console-approval-collect = الانتقال إلى هناك
console-approval-waits-for-asker = تمت الموافقة. ينفّذه الآن من طلبه.
console-approval-approve = موافقة
console-approval-refuse = رفض
console-approval-withdraw = سحب
console-approval-done-asked = لم يُنفَّذ شيء بعد: يجب أن يوافق مشغّل آخر.
console-approval-done-approve = تمت الموافقة.
console-approval-done-refuse = رُفض. لم يُنفَّذ شيء.
console-approval-done-withdraw = سُحب. لم يُنفَّذ شيء.
console-approval-field-role = الدور
console-approval-field-disabled = معطَّل
console-approval-field-name = الاسم
console-approval-field-permissions = الأذونات
console-approval-field-days = الأيام
console-approval-field-user = المستخدم
console-approval-field-token = أداة المصادقة
console-approval-field-export = ملف من
console-approval-field-format = الصيغة
console-approval-field-filter = البحث
console-fault-act-own = لا أحد يوافق على ما طلبه بنفسه.
console-fault-act-not-own = لا يستطيع سحبه إلا من طلبه.
console-fault-act-decided = لم يعد ينتظر: سبق شخص آخر، أو انتهت المدة.
console-fault-act-asker = من طلبه لم يعد يملك الإذن، أو لا تملك أنت كل ما يلزم له.
console-fault-act-outdated = تغيّر ما يتعلق به الطلب في هذه الأثناء. لم يُنفَّذ شيء.
console-fault-act-invalid = في الوضع الحالي سيخالف قاعدة. لم يُنفَّذ شيء.
console-fault-acts-full = بلغ عدد الطلبات المنتظرة حده الأقصى: 20 لكل مشغّل و100 في المجموع. لم يُنفَّذ شيء. اسحب بعض ما ينتظر أو ابتّ فيه، ثم حاول مرة أخرى.
console-section-approvals = ما يتطلب اثنين
console-section-approvals-hint = يطلب مشغّل، ويوافق آخر لديه الإذن نفسه خلال 24 ساعة. يلزم لذلك مشغّلان يستطيعان كل شيء، ويبقى آخر اثنين منهم. تستطيع مفاتيح API أن تطلب ولا توافق أبدًا.
console-field-operators = المشغّلون والأدوار ومفاتيح API
console-field-operators-hint = الدعوات والأدوار والمفاتيح الجديدة وهذه الصفحة. يجب تشغيله ما دام أي شيء آخر مشغَّلًا: فمن يستطيع وحده إنشاء مشغّل ثانٍ لا يحتاج إلى غيره. تعطيل المشغّلين وإبطال المفاتيح يكفي لهما واحد دائمًا.
console-field-settings = الإعدادات والسياسات
console-field-settings-hint = كل صفحات الإعدادات والسياسات.
console-field-user_deletion = حذف المستخدمين
console-field-token_deletion = حذف أدوات المصادقة
console-field-exports = تنزيل السجلات والتقارير

## Console: roles and API keys
console-page-roles = الأدوار
console-page-keys = مفاتيح API
console-roles-hint = الأدوار الثلاثة الأولى موجودة دائمًا. أنشئ غيرها من الأذونات التي لديك أنت.
console-role-new = إنشاء دور
console-role-operators =
    { $count ->
        [zero] ليس لدى أحد
        [one] لدى مشغّل واحد
        [two] لدى مشغّلَين
        [few] لدى { $count } مشغّلين
        [many] لدى { $count } مشغّلًا
       *[other] لدى { $count } مشغّل
    }
console-role-not-own = هذا دورك أنت: يستطيع شخص آخر تغييره.
console-role-beyond = لهذا الدور أذونات أكثر مما لديك: يستطيع تغييره من لديه مثل أذوناته.
console-field-role-name = اسم الدور
console-permissions = الأذونات
console-permissions-hint = يشمل التغيير الاطّلاع، ويشمل الحذف التغيير. تسري التغييرات من الطلب التالي لكل من لديه هذا الدور.
console-permissions-module = الوحدة
console-permissions-none = لا ينطبق هنا
console-permissions-yes = نعم
console-permissions-no = لا
console-action-view = الاطّلاع
console-action-edit = التغيير
console-action-delete = الحذف
console-action-export = التصدير
console-module-users = المستخدمون
console-module-groups = المجموعات
console-module-tokens = أدوات المصادقة
console-module-provisioning = التجهيز والاستيراد
console-module-self_provisioning = التجهيز الذاتي
console-module-token_policies = سياسات أدوات المصادقة
console-module-access_policies = سياسات الوصول
console-module-appearance = المظهر
console-module-reports = التقارير
console-module-audit = سجل التدقيق
console-module-operators = المشغّلون
console-module-roles = الأدوار
console-module-api_keys = مفاتيح API
console-fault-own-role = لا أحد يغيّر دوره بنفسه.
console-fault-beyond = لا أحد يمنح أو يسحب أذونات ليست لديه.
console-fault-role-changed = غيّر شخص آخر هذا الدور في هذه الأثناء. هذه حاله الآن.
console-task-role-delete = حذف الدور
console-task-role-delete-text = لن تؤدي الدعوات إلى هذا الدور إلى شيء بعد ذلك.
console-fault-role-in-use = لدى أحد المشغّلين هذا الدور. أسنِد إليه دورًا آخر أولًا.
console-keys-hint = يتيح المفتاح لبرنامج استدعاء API باسم من أنشأه. لا يستطيع أبدًا أكثر مما يستطيعه، ولا يعمل ما دام منشئه معطَّلًا.
console-keys-empty = لا توجد مفاتيح API.
console-key-new = إنشاء مفتاح API
console-key-operator = باسم
console-key-until = صالح حتى
console-key-used = آخر استخدام
console-key-unused = لم يُستخدم قط
console-key-may = الأذونات
console-key-over = منتهٍ
console-key-revoked = ملغى
console-key-dead = مشغّله معطَّل
console-field-key-name = اسم المفتاح
console-field-key-days = عدد أيام الصلاحية
console-field-key-days-hint = من 1 إلى { $most }.
console-key-permissions-hint = أقل ما يحتاج إليه البرنامج. ما يغيّر المشغّلين أو الأدوار أو المفاتيح لا يُمنح لمفتاح أبدًا.
console-key-made-title = المفتاح جاهز
console-key-made-text = المفتاح { $name } صالح حتى { $time }. أرسله بالصيغة «Authorization: Bearer …».
console-key-made-hint = لا يُعرض هنا إلا الآن. ضعه حيث يجده البرنامج، لا في مكان آخر.
console-task-key-revoke = إلغاء المفتاح
console-task-key-revoke-text = تُرفض البرامج التي تستخدم هذا المفتاح من الآن فصاعدًا. لا يمكن التراجع عن ذلك.
console-done-key-revoked = لم يعد المفتاح صالحًا.

## Console: pages that say one thing
console-message-not-found-title = الصفحة غير موجودة
console-message-not-found = لا توجد صفحة في هذا العنوان.
console-message-forbidden-title = دورك لا يسمح بذلك
console-message-forbidden = يتطلّب ذلك دورًا آخر. لم يتغيّر شيء.
console-message-cross-site-title = لا يمكن قبول هذا النموذج
console-message-cross-site = لم يأتِ من إحدى صفحاتنا، أو بقيت الصفحة مفتوحة مدة طويلة. ارجع إلى الوراء وأعد تحميل الصفحة ثم حاول مرة أخرى.
console-message-bad-request-title = لم ينجح ذلك
console-message-bad-request = تعذّر فهم الطلب. ارجع إلى الوراء وحاول مرة أخرى.
console-message-method-title = لا يمكن فعل ذلك هنا
console-message-method = لا يقبل هذا العنوان هذا النوع من الطلبات.
console-message-too-large-title = الحجم كبير جدًا
console-message-too-large = ما أُرسل أكبر من المقبول هنا.
console-message-too-many-title = طلبات كثيرة جدًا
console-message-too-many = انتظر دقيقة ثم حاول مرة أخرى.
console-message-unknown-host-title = موقع غير معروف
console-message-unknown-host = لا يمكن الوصول إلى وحدة التحكّم بهذا الاسم.
console-message-unavailable-title = سنعود بعد لحظات
console-message-unavailable = لا تستطيع وحدة التحكّم الاستجابة الآن. لم يتغيّر شيء. حاول مرة أخرى بعد دقيقة.
console-message-internal-title = حدث خطأ ما
console-message-internal = الخطأ من جانبنا وقد سُجّل.
console-message-link-gone-title = لم يعد هذا الرابط يعمل
console-message-link-gone = سبق استخدامه، أو مضى عليه أكثر من يوم، أو أُنشئ رابط أحدث. اطلب رابطًا جديدًا.
console-message-operator-waits-title = يجب أن يفعّل مشغّل آخر حسابك
console-message-operator-waits = كل شيء مُعدّ كما اخترت. يمكنك تسجيل الدخول فور أن يفعّل مشغّل آخر حسابك.

## The console: users, tokens, groups and files of tokens
console-page-users = المستخدمون
console-page-requests = طلبات التسجيل
console-page-tokens = أدوات المصادقة
console-page-groups = المجموعات
console-page-import = الاستيراد
console-find = بحث
console-parts = أجزاء القائمة
console-parts-first = من البداية
console-parts-next = التالي
console-tasks = ما يمكن فعله
console-remove = إزالة
console-conflict-now = تغيّر هذا أثناء تعديلك له. لم يُحفظ شيء مما أدخلته. ما كتبته ما زال أدناه؛ وإذا تابعت حلّ محلّ ما هو محفوظ الآن:
console-given-hint = لا يُعرض هنا إلا الآن، ولا يمكن الاطّلاع عليه لاحقًا. سلّمه بطريقة لا يقرؤه بها أحد غير صاحبه.
console-done-saved = تم الحفظ.
console-done-created = تم الإنشاء.
console-done-deleted = تم الحذف.
console-done-disabled = عُطِّل المستخدم وأُنهيت جلساته.
console-done-enabled = فُعِّل المستخدم.
console-done-unlocked = نُسيت المحاولات الفاشلة. يستطيع المستخدم تسجيل الدخول.
console-done-signed-out = أُنهيت جميع جلسات المستخدم.
console-done-password = تغيّرت كلمة المرور وأُنهيت جلسات المستخدم.
console-done-withdrawn = أُلغي رمز المرور المؤقت.
console-done-approved = تمت الموافقة على التسجيل.
console-done-refused = رُفض التسجيل.
console-done-recovery-codes-withdrawn = أُلغيت رموز الاسترداد.
console-done-grant-withdrawn = أُلغي القرار أو الرمز.
console-done-suspend = أُوقفت أداة المصادقة. لا تُقبل رموز المرور الصادرة عنها.
console-done-reactivate = أداة المصادقة قيد الاستخدام من جديد.
console-done-unlock = لم تعد أداة المصادقة مقفلة.
console-done-return = استُردّت أداة المصادقة من مستخدمها.
console-done-lost = أُخذت أداة المصادقة من مستخدمها على أنها مفقودة.
console-done-faulty = أُخذت أداة المصادقة من مستخدمها على أنها معطوبة.
console-done-reinitialize = أداة المصادقة جاهزة لشخص آخر.
console-done-assign = أُسندت أداة المصادقة. أول رمز مرور صحيح يُنشّطها.
console-done-tested = رمز المرور صحيح، وقد استُهلك الآن.
console-done-resynced = ضُبط موضع أداة المصادقة وتمت مزامنتها.
console-done-pin = عُيّن الرقم السري.
console-done-member = المستخدم الآن في المجموعة.
console-done-member-removed = لم يعد المستخدم في المجموعة.
console-done-parent = تقع المجموعة الآن ضمن المجموعة الأخرى.
console-done-parent-removed = لم تعد المجموعة تقع ضمن المجموعة الأخرى.

## The console: users
console-users-find = بداية الاسم أو الاسم المعروض أو عنوان البريد
console-users-none-found = لا يوجد مستخدم يبدأ اسمه أو عنوانه بـ«{ $what }».
console-users-empty = لا يوجد مستخدمون بعد.
console-badge-disabled = معطَّل
console-badge-locked = أداة المصادقة مقفلة
console-badge-no-token = بلا أداة مصادقة
console-user-is-disabled = هذا المستخدم معطَّل ولا يستطيع تسجيل الدخول.
console-user-is-locked = محاولات فاشلة كثيرة جدًّا: هذا الحساب مقفل حتى { $time } في المتصفحات التي لم يسجّل المستخدم الدخول بها من قبل.
console-user-outer-groups = وعن طريقها أيضًا في
console-user-password = كلمة المرور
console-user-password-set = توجد كلمة مرور.
console-user-password-none = لا توجد كلمة مرور.
console-user-since = مستخدم منذ
console-user-temporary = رمز المرور المؤقت
console-user-temporary-until = صالح حتى { $time }
console-user-recovery = رموز الاسترداد
console-user-recovery-left = المتبقّي: { $left }، أُنشئت في { $time }
console-user-granted = التسجيل
console-granted-asked = ينتظر موافقة. ينتهي الطلب في { $time }.
console-granted-approved = تمت الموافقة: يمكن إضافة أداة مصادقة واحدة حتى { $time }.
console-granted-refused = مرفوض. يمكن تقديم طلب جديد بعد { $time }.
console-granted-code_given = يوجد رمز من مكتب المساعدة، صالح حتى { $time }.
console-granted-by = المشغّل: { $what }، { $time }
console-user-no-tokens = ليس لدى المستخدم أداة مصادقة.
console-user-offer = إضافة تطبيق مصادقة أثناء تسجيل الدخول:
console-field-name = الاسم
console-field-name-hint = ما يسجّل به المستخدم الدخول. لا يمكن تغييره لاحقًا.
console-field-display_name = الاسم المعروض
console-field-email = عنوان البريد
console-field-email-hint = لا تُرسل الرموز والإشعارات إلا إلى هذا العنوان.
console-field-groups = في المجموعات
console-member-of-hint = اكتب اسم المجموعة.
console-field-password-by = كلمة المرور
console-choice-password-by-draw = توليد كلمة مرور
console-choice-password-by-draw-hint = تُعرض عليك مرة واحدة.
console-choice-password-by-type = كتابة كلمة مرور
console-choice-password-by-none = بلا كلمة مرور
console-choice-password-by-none-hint = لا يستطيع المستخدم تسجيل الدخول قبل تعيين كلمة مرور.
console-field-password = كلمة المرور المكتوبة
console-field-password-hint = 8 محارف على الأقل. فقط إذا كانت ستُكتب.
console-field-reason = السبب
console-field-reason-hint = يُحفظ مع رمز المرور ويُسجَّل.
console-field-reason-recorded-hint = يُحفظ مع القرار أو الرمز ويُسجَّل.
console-field-reason-shown-hint = يقرؤه المستخدم، ويُسجَّل.
console-field-hours = الساعات
console-field-hours-hint = مدة صلاحية رمز المرور بالساعات: من 1 إلى 168.
console-task-user-new = مستخدم جديد
console-task-user-edit = تعديل
console-task-user-password = تعيين كلمة مرور
console-task-user-password-text = تسري كلمة المرور الجديدة فورًا. تُنهى جميع جلسات المستخدم.
console-task-user-disable = تعطيل
console-task-user-disable-text = لا يعود المستخدم قادرًا على تسجيل الدخول. تُنهى جلساته فورًا. لا يُحذف شيء.
console-task-user-enable = تفعيل
console-task-user-enable-text = يستطيع المستخدم تسجيل الدخول من جديد.
console-task-user-unlock = فتح القفل
console-task-user-unlock-text = تُنسى المحاولات الفاشلة في هذا الحساب، ويستطيع المستخدم تسجيل الدخول فورًا. تأكّد أولًا من أن المستخدم نفسه هو من يطلب ذلك. أما أداة المصادقة المقفلة فيُفتح قفلها في صفحتها.
console-task-user-verify = التحقّق من المتصل
console-task-user-verify-text = يُرسَل طلب إلى جهاز المستخدم نفسه. تقرأ على المتصل رقمًا فيُدخله هناك. من يستطيع ذلك معه الجهاز ويستطيع فتحه.
console-task-user-sign-out = تسجيل الخروج من كل مكان
console-task-user-sign-out-text = تُنهى جميع جلسات المستخدم فورًا في كل التطبيقات والمتصفّحات. ويستطيع تسجيل الدخول من جديد.
console-task-user-delete = حذف المستخدم
console-task-user-delete-text = يزول مع المستخدم نهائيًا: الاسم وعنوان البريد وكلمة المرور، والعضويات، والجلسات، وأدوات المصادقة في التطبيقات مع أسرارها. تبقى سجلات ما حدث.
console-task-user-delete-tokens = أدوات مصادقة المستخدم: { $what }.
console-task-user-temporary = إصدار رمز مرور مؤقت
console-task-user-temporary-text = يحلّ محلّ أداة المصادقة لمن نسيها في البيت. ويحلّ محلّ الرمز المؤقت السابق إن وُجد.
console-task-user-withdraw = إلغاء رمز المرور المؤقت
console-task-user-withdraw-text = لا يعود مقبولًا من الآن فصاعدًا.
console-task-user-withdraw-recovery-codes = إلغاء رموز الاسترداد
console-task-user-withdraw-recovery-codes-text = لا يُقبل أيّ منها من الآن فصاعدًا. يستطيع المستخدم إنشاء رموز جديدة برمز مرور.
console-task-user-approve = الموافقة على التسجيل
console-task-user-approve-text = يستطيع المستخدم إضافة أداة مصادقة واحدة بالرمز المُرسَل بالبريد وحده. تأكّد أولًا من أنه هو من يطلب ذلك فعلًا. إذا كان قد قدّم طلبًا فستصله رسالة.
console-task-user-refuse = رفض التسجيل
console-task-user-refuse-text = يُخبَر المستخدم بذلك مع السبب الذي تذكره، ولا يستطيع إضافة أداة مصادقة في الوقت الحالي.
console-task-user-help-desk-code = إصدار رمز مكتب المساعدة
console-task-user-help-desk-code-text = يكتبه المستخدم بعد الرمز المُرسَل بالبريد، ويستطيع إضافة أداة مصادقة واحدة. تأكّد أولًا من أنه هو من يطلب ذلك فعلًا: من لديه هذا الرمز وكلمة المرور ويصل إلى البريد يحصل على أداة مصادقة. يحلّ الرمز محلّ القرار أو الرمز السابق، ويُعرض عليك مرة واحدة.
console-task-user-withdraw-grant = إلغاء القرار أو الرمز
console-task-user-withdraw-grant-text = من الآن فصاعدًا لا تسري الموافقة أو الرفض أو الرمز.
console-task-user-grant-needless = لا تطلب أيّ قاعدة تسجيل ذلك من المستخدم في الوضع الحالي.
console-given-password = كلمة المرور الجديدة
console-given-password-text = هذه كلمة مرور { $what }.
console-verification = التحقّق من المتصل
console-verification-pending = اقرأ هذا الرقم على المتصل. يُدخله { $what } في تطبيق المصادقة. تتحقّق هذه الصفحة من النتيجة من تلقاء نفسها.
console-verification-by-hand = لا يمكن تنبيه الجهاز تلقائيًا: اطلب من المتصل أن يفتح التطبيق.
console-verification-until = ينتهي الطلب في { $time }.
console-verification-approved = المتصل هو { $what }: أُدخل الرقم على جهازه.
console-verification-denied = رُفض الطلب على جهاز { $what }. لا تفعل شيئًا لهذا المتصل.
console-verification-reported = أبلغ { $what } أن الطلب ليس منه. لا تفعل شيئًا لهذا المتصل، وأخبر المسؤولين عن الأمن.
console-verification-mismatched = أُدخل رقم آخر على جهاز { $what }. لا يُثبت ذلك شيئًا.
console-verification-cancelled = سُحب الطلب. لا يُثبت ذلك شيئًا.
console-verification-expired = لم يُجب أحد على جهاز { $what } في الوقت المحدّد. لا يُثبت ذلك شيئًا.
console-verification-again = السؤال مرة أخرى
console-given-temporary = رمز المرور المؤقت
console-given-temporary-text = يستطيع { $what } استخدامه بدلًا من رمز المرور حتى { $time }.
console-given-help-desk-code = رمز مكتب المساعدة
console-given-help-desk-code-text = يكتبه { $what } حيث يُطلب رمز مكتب المساعدة. وهو صالح لمرة واحدة، حتى { $time }.

## The console: who waits for an approval
console-requests-text = كتب هؤلاء المستخدمون الرمز المُرسَل بالبريد، وتطلب قاعدة تسجيلهم موافقة مشغّل أيضًا.
console-requests-empty = لا أحد ينتظر موافقة.
console-request-asked = قُدِّم في { $time }
console-request-from = من { $what }
console-request-browser = المتصفّح: { $what }
console-request-until = ينتهي في { $time }
console-request-approve = موافقة
console-request-refuse = رفض

## The console: tokens
console-tokens-find = البحث عن أدوات المصادقة
console-tokens-serial = الرقم التسلسلي
console-tokens-owner = اسم المستخدم
console-tokens-any = الكل ما عدا الملغاة
console-tokens-locked = المقفلة بسبب رموز مرور خاطئة فقط
console-tokens-all = عرض الكل
console-tokens-none-found = لا توجد أداة مصادقة كهذه.
console-tokens-empty = لا توجد أدوات مصادقة بعد. يضيف المستخدمون أدواتهم أثناء تسجيل الدخول؛ وتُستورد الأخرى.
console-state-inventory = في المخزون
console-state-assigned = مُسنَدة
console-state-active = نشطة
console-state-suspended = موقوفة
console-state-locked_pin = مقفلة برقمها السري (PIN)
console-state-lost = مفقودة
console-state-faulty = معطوبة
console-state-revoked = ملغاة
console-state-locked = مقفلة بسبب رموز مرور خاطئة
console-form-software = تطبيق
console-form-hardware = جهاز
console-form-passkey = مفتاح مرور
console-token-state = الحالة
console-token-locked-until = مقفلة حتى { $time }
console-token-owner = المستخدم
console-token-nobody = ليست لأحد
console-token-form = النوع
console-token-pin = الرقم السري (PIN) على الخادم
console-token-pin-set = تم تعيينه.
console-token-pin-none = لم يُعيَّن بعد.
console-token-fails = رموز المرور الخاطئة المتتالية
console-token-created = تاريخ الإصدار أو الاستيراد
console-token-activated = تاريخ التنشيط
console-token-used = آخر استخدام
console-token-never = أبدًا
console-token-template = أُنشئت وفق هذا القالب
console-token-template-hint = هو ثابت: لا تمسّ تغييرات القالب أداة المصادقة هذه.
console-field-label = الاسم
console-field-hash = دالة التجزئة
console-field-version = إصدار القالب
console-field-synchronization-step = عدد الثواني حتى رمز المرور التالي
console-token-note-inventory = هي في المخزون: أسنِدها إلى مستخدم قبل أن تفعل بها أيّ شيء آخر.
console-token-note-assigned = لم تثبت صحتها بعد: أول رمز مرور صحيح من مستخدمها يُنشّطها. قبل ذلك لا يمكن اختبارها ولا إعادة مزامنتها.
console-token-note-suspended = هي موقوفة: لا يمكن اختبارها ولا إعادة مزامنتها قبل إعادة إتاحتها.
console-token-note-locked_pin = جُرّب رقمها السري مرات كثيرة. لا يمكن فتح قفلها، بل تُسترد وتُسجَّل من جديد فقط.
console-token-note-lost = ليست لأحد. لا يمكن إسنادها قبل تجهيزها من جديد.
console-token-note-faulty = ليست لأحد. لا يمكن إسنادها قبل تجهيزها من جديد.
console-token-note-revoked = أُتلف سرّها: لا شيء يعيدها. يحتاج المستخدم إلى أداة جديدة.
console-token-note-challenge = تجيب عن تحدٍّ، لذلك لا يمكن هنا اختبارها ولا إعادة مزامنتها.
console-token-note-passkey = مفتاحه على جهاز المستخدم نفسه: لا يمكن هنا إلا سحبه. يضيف المستخدم غيره في صفحته.
console-token-note-app-pin = لا يعرف رقمها السري إلا التطبيق، لذلك لا يمكن تعيينه هنا.
console-token-note-no-pin = ليس لها رقم سري.
console-task-token-suspend = إيقاف أداة المصادقة
console-task-token-suspend-text = لا تُقبل رموز مرورها إلى أن تُعاد إتاحتها. تُنهى جلسات المستخدم.
console-task-token-reactivate = إعادة إتاحة أداة المصادقة
console-task-token-reactivate-text = تُقبل رموز مرورها من جديد.
console-task-token-unlock = فتح القفل
console-task-token-unlock-text = يُنهي القفل الناتج عن رموز مرور خاطئة، ويبدأ العدّ من جديد.
console-task-token-return = استرداد أداة المصادقة
console-task-token-return-text = لا تعود ملكًا للمستخدم. يعود جهاز المصادقة إلى المخزون؛ ويُتلف السرّ في حالة التطبيق. تُنهى جلسات المستخدم.
console-task-token-lost = الإبلاغ عن فقدانها
console-task-token-lost-text = لا تعود ملكًا للمستخدم ولا تُقبل. تُنهى جلسات المستخدم.
console-task-token-faulty = الإبلاغ عن عطبها
console-task-token-faulty-text = لا تعود ملكًا للمستخدم ولا تُقبل. تُنهى جلسات المستخدم.
console-task-token-reinitialize = تجهيزها من جديد
console-task-token-reinitialize-text = يعود جهاز المصادقة إلى المخزون ويمكن إسناده؛ ويُتلف السرّ في حالة التطبيق.
console-task-token-delete = حذف أداة المصادقة
console-task-token-delete-text = تزول مع سرّها نهائيًا. تبقى سجلات ما حدث. يمكن استيراد جهاز المصادقة من جديد.
console-task-token-assign = إسناد
console-task-token-assign-text = يسجّل المستخدم الدخول برمز المرور التالي لهذه الأداة؛ وأول رمز صحيح يُنشّطها.
console-task-token-label = تسمية أداة المصادقة
console-task-token-label-text = هذا هو الاسم الذي يراه مستخدمها.
console-task-token-test = اختبار رمز مرور
console-task-token-test-text = يُستهلك رمز المرور الصحيح بذلك ولا يصلح لشيء آخر.
console-task-token-resync = إعادة المزامنة
console-task-token-resync-text = اكتب رمزي مرور تعرضهما أداة المصادقة أحدهما بعد الآخر مباشرة.
console-task-token-pin = تعيين الرقم السري (PIN)
console-task-token-pin-text = يحلّ محلّ الرقم السابق.
console-task-token-pin-drawn = تقضي السياسة بتوليد الأرقام السرية. يُعرض عليك مرة واحدة.
console-task-token-pin-change = على المستخدم اختيار غيره عند أول استخدام.
console-field-user = اسم المستخدم
console-field-passcode = رمز المرور
console-field-first = رمز المرور الأول
console-field-second = رمز المرور الذي يليه مباشرة
console-field-pin-by = الرقم السري (PIN)
console-choice-pin-by-draw = توليد رقم سري
console-choice-pin-by-draw-hint = يُعرض عليك مرة واحدة.
console-choice-pin-by-type = كتابة رقم سري
console-field-pin = الرقم السري المكتوب
console-field-pin-hint = فقط إذا كان سيُكتب. تنطبق سياسة الرقم السري (PIN) على الخادم.
console-field-must_change = على المستخدم اختيار غيره عند أول استخدام
console-given-pin = الرقم السري (PIN) الجديد
console-given-pin-text = هذا هو الرقم السري لأداة المصادقة { $what }.
console-fault-state = لا يمكن فعل ذلك بأداة المصادقة في حالتها الآن.
console-fault-has-token = لدى هذا المستخدم أداة مصادقة من قبل. استردّها أولًا.
console-fault-unknown-user = لا يوجد مستخدم بهذا الاسم.
console-fault-unknown-group = لا توجد مجموعة بهذا الاسم.
console-fault-users-or-group = اذكر مستخدمين أو مجموعة، لا كليهما.
console-fault-nobody-left = لم يبقَ أحد يمكن مراسلته مجددًا. لم يحدث شيء.
console-fault-no-device = لا يمكن إرسال طلب إلى أيّ من أجهزة هذا المستخدم.
console-fault-push-off = لا يُرسَل طلب إلى هذا المستخدم الآن: هناك طلب لم ينتهِ بعد، أو لم تنجح طلبات كثيرة. { $minutes ->
    [zero] حاول مرة أخرى بعد قليل.
    [one] حاول مرة أخرى بعد دقيقة واحدة.
    [two] حاول مرة أخرى بعد دقيقتين.
    [few] حاول مرة أخرى بعد { $minutes } دقائق.
    [many] حاول مرة أخرى بعد { $minutes } دقيقة.
   *[other] حاول مرة أخرى بعد { $minutes } دقيقة.
}
console-fault-changed = غيّره شخص آخر في هذه الأثناء. لم يتغيّر شيء من جانبك. راجعه ثم حاول مرة أخرى.
console-fault-task-over = انتهت هذه المهمة: انقضى آخر أيامها أو أُزيلت. لم يتغيّر شيء.
console-fault-test-wrong = رمز المرور هذا خاطئ.
console-fault-test-used = سبق استهلاك رمز المرور هذا.
console-fault-test-out-of-step = رمز المرور هذا صحيح، لكن أداة المصادقة متقدّمة أو متأخّرة. اكتب الرمز الذي يليه مباشرة.
console-fault-resync = ليس هذان رمزين متتاليين لأداة المصادقة هذه. انتظر رمزين جديدين ثم حاول مرة أخرى.

## The console: groups
console-groups-find = بداية الاسم
console-groups-none-found = لا توجد مجموعة يبدأ اسمها بـ«{ $what }».
console-groups-empty = لا توجد مجموعات بعد.
console-group-members = الأعضاء
console-group-members-count =
    { $count ->
        [zero] بلا أعضاء
        [one] عضو واحد
        [two] عضوان
        [few] { $count } أعضاء
        [many] { $count } عضوًا
       *[other] { $count } عضو
    }
console-group-lies-in = تقع ضمن
console-group-parents = تقع ضمن
console-group-parents-hint = يُعدّ أعضاء هذه المجموعة أعضاءً في المجموعات التالية أيضًا.
console-group-no-parents = لا تقع ضمن أيّ مجموعة أخرى.
console-group-is-named = يذكر التجهيز الذاتي هذه المجموعة.
console-group-is-named-rule = تذكر قاعدة التسجيل «{ $what }» هذه المجموعة.
console-field-group = اسم المجموعة
console-field-into = اسم المجموعة الأخرى
console-task-group-new = مجموعة جديدة
console-task-group-rename = تغيير الاسم
console-task-group-rename-text = يتبع التجهيز الذاتي الاسم الجديد. أما سياسات الوصول فلا: فهي تذكر المجموعات بنصّ هذا الاسم.
console-task-group-delete = حذف المجموعة
console-task-group-delete-text = تزول المجموعة مع عضوياتها نهائيًا. يبقى أعضاؤها. لا تعود سياسات الوصول التي تذكرها تنطبق عليهم.
console-task-group-delete-members = أعضاء المجموعة: { $what }.
console-task-group-delete-keeps = تعتمد قاعدة تجهيز على مجموعة تقع هذه المجموعة ضمنها. من هو في تلك المجموعة عبر هذه وحدها يحتفظ نهائيًا بما أعطته القاعدة.
console-task-group-delete-named = يذكر التجهيز الذاتي هذه المجموعة. بعد حذفها لا يبقى فيها أحد: تحقّق ممّن سيُسمح له بذلك ومن سيُستبعد.
console-task-group-add-member = إضافة عضو
console-task-group-remove-member = إزالة عضو
console-task-group-remove-member-text = لا يعود { $what } في هذه المجموعة. ينتهي فورًا ما تسمح به المجموعة.
console-task-group-add-parent = وضعها ضمن مجموعة أخرى
console-task-group-remove-parent = إخراجها من مجموعة أخرى
console-task-group-remove-parent-text = لا تعود هذه المجموعة تقع ضمن { $what }.

## The console: files of tokens
console-task-import = استيراد
console-task-import-text = تأتي أجهزة المصادقة مع ملف بأسرارها: PSKC (RFC 6030) أو OATH CSV، حتى 16 MiB. يُدخَل كل جهاز إلى المخزون كاملًا أو لا يُدخَل أبدًا. والملف الذي يُرسل مرة أخرى لا يُدخل شيئًا مرتين.
console-field-file = الملف
console-field-file-hint = احفظه في مكان آمن أو أتلفه بعد استيراده: فهو يحتوي على الأسرار.
console-field-key = المفتاح
console-field-key-hint = للملفات المشفَّرة فقط: ست عشري أو base64.
console-field-import-password = كلمة المرور
console-field-import-password-hint = فقط للملفات المشفَّرة التي تُفتح بكلمة مرور بدلًا من ذلك.
console-import-jobs = عمليات الاستيراد الخاصة بك
console-import-jobs-hint = تُحفظ إلى أن يُعاد تشغيل الخادم؛ وتبقى أدوات المصادقة.
console-fault-file = اختر ملفًا.
console-fault-file-large = الملف أكبر من 16 MiB.
console-fault-key = هذا ليس مفتاحًا: يجب أن يكون ست عشريًا أو base64.
console-fault-key-or-password = أدخِل المفتاح أو كلمة المرور، لا كليهما.
console-fault-import-busy = يُعالَج ملف آخر الآن. انتظر حتى ينتهي.
console-job-title = الاستيراد
console-job-reading = تجري قراءة الملف. يستغرق ذلك وقتًا مع كلمة مرور.
console-job-taking = يجري إدخال أدوات المصادقة إلى المخزون.
console-job-done = تم.
console-job-failed = لم ينجح ذلك.
console-job-broke-off = توقّف: انتهت العملية التي كانت تعالج الملف.
console-job-over = تم. مصير كل صف كانت تعرفه عملية انتهت منذ ذلك الحين.
console-job-so-far = { $done } من { $total }.
console-job-far = مدى التقدّم
console-job-renews = تتجدّد هذه الصفحة كل ثانية.
console-job-still = إيقاف التجديد التلقائي
console-job-again = العرض من جديد
console-job-nothing-taken = لم يُستورد شيء
console-job-rows = صفوف الملف
console-job-all-rows = عرض كل الصفوف
console-job-only-left = عرض ما لم يُدخَل فقط
console-job-no-rows = لا توجد صفوف كهذه.
console-job-another = استيراد ملف آخر
console-job-fault-unknown = ليس الملف من نوع PSKC (RFC 6030) ولا OATH CSV.
console-job-fault-too-large = الملف كبير جدًا: { $what }
console-job-fault-malformed = بنية الملف غير صحيحة: { $what }
console-job-fault-key-needed = الملف مشفَّر. أدخِل مفتاحه أو كلمة مروره.
console-job-fault-wrong-key = لا يفتح هذا المفتاح أو كلمة المرور هذه الملف.
console-job-fault-broke-off = لم يستطع الخادم إتمام العملية. يبقى ما أُدخل؛ أرسل الملف مرة أخرى.
console-row-place = الموضع
console-row-outcome = النتيجة
console-row-taken = أُدخل
console-row-there = موجود من قبل
console-row-refused = مرفوض
console-row-not-reached = لم يُعالَج: أرسل الملف مرة أخرى

## Rules that a value can break
rule-required = هذا الحقل مطلوب.
rule-one-of = اختر إحدى القيم.
rule-between = يجب أن يكون عددًا صحيحًا من { $min } إلى { $max }.
rule-at-most = يجب ألا يزيد على «{ $field }».
rule-at-least = يجب ألا يقل عن «{ $field }».
rule-not-before = يجب ألا يسبق «{ $field }».
rule-not-available = غير متاح عندما تكون قيمة «{ $field }» هي «{ $value }».
rule-unknown = لا يوجد: { $value }.
rule-taken = هذا الاسم مستخدم.
rule-twice = مذكور مرتين.
rule-list = يجب أن يكون قائمة.
rule-too-many = يجب ألا يزيد عدد الإدخالات على { $max }.
rule-too-long = بحد أقصى { $max } محارف.
rule-too-short = بحد أدنى { $min } محارف.
rule-text = سطر واحد من المحارف المرئية.
rule-https-url = يجب أن يكون عنوان https:// كاملًا بلا اسم مستخدم ولا كلمة مرور.
rule-contact-url = يجب أن يكون عنوان ‎https://‎ كاملًا، أو عنوانًا يبدأ بـ ‎mailto:‎ أو ‎tel:‎.
rule-mail-address = هذا ليس عنوان بريد إلكتروني.
rule-sign-in-name = يتكوّن الاسم من 1 إلى 256 محرفًا مرئيًّا.
rule-pin-charset = يتكوّن الرقم السري (PIN) من أرقام وحروف لاتينية.
rule-pin-too-short = الرقم السري قصير جدًّا.
rule-pin-too-long = الرقم السري طويل جدًّا.
rule-pin-needs-upper = يحتاج الرقم السري إلى حرف كبير.
rule-pin-needs-lower = يحتاج الرقم السري إلى حرف صغير.
rule-pin-needs-digit = يحتاج الرقم السري إلى رقم.
rule-pin-trivial = يجب ألا يكون الرقم السري تسلسلًا مثل 1234 أو 2222.
rule-pin-used-before = استُخدم هذا الرقم السري من قبل.
rule-differs = الإدخالان غير متطابقين.
rule-day = يجب أن يكون يومًا، مثل ‎2026-12-24‎.
rule-past = يجب ألا يكون هذا الوقت قد مضى.
rule-within-days = يجب أن يكون يومًا خلال { $max } يومًا من الآن.
rule-network = يجب أن يكون شبكة، مثل ‎10.0.0.0/8‎، أو عنوانًا.
rule-host-bits = يشير هذا إلى حاسوب لا إلى شبكة. الشبكة هي { $network }.
rule-colour = يجب أن يكون لونًا، مثل ‎#1a5fb4‎.
rule-contrast = هذا اللون فاتح جدًّا. يجب ألا يقلّ تباينه مع الأبيض عن 4.5.
rule-base64 = يجب أن يكون بترميز Base64.
rule-too-large = يجب ألا يزيد عدد البايتات على { $max }.
rule-picture = ليست هذه صورة PNG أو JPEG أو WebP.
rule-message = لا يمكن قراءة هذا النصّ كرسالة. تحقّق من أقواسه المعقوفة.
rule-circle = سيحتوي نفسه.
rule-not-by-hand = يُنشئه الخادم، ولا يمكن كتابته.
rule-needed-by = يجب تشغيله ما دام «{ $field }» مشغَّلًا.
rule-approvers = لا يوجد مشغّلان يستطيعان كل شيء: لن يستطيع أحد الموافقة.

## Console: reports and logs
console-menu-reports = التقارير
console-menu-logs = السجلات
console-page-audit = سجل التدقيق
console-page-history = تاريخ التسجيل
console-page-funnel = قمع التسجيل
console-past-looking = ما يُبحث عنه
console-past-more = معايير أخرى
console-past-any = أيّ
console-past-reset = البدء من جديد
console-past-zone = الأوقات بتوقيت { $zone }.
console-past-turn-newest = الأحدث أولًا
console-past-turn-oldest = الأقدم أولًا
console-past-permalink = رابط هذا العرض
console-past-csv = تنزيل بصيغة CSV
console-past-json = تنزيل بصيغة JSON
console-past-from = من
console-past-until = حتى
console-past-tz = المنطقة الزمنية
console-past-type = نوع القيد
console-past-event = الحدث
console-past-user = المستخدم
console-past-operator = المشغّل
console-past-address = العنوان
console-past-serial = الرقم التسلسلي
console-past-transaction = جميع قيود تسجيل الدخول هذا أو التسجيل هذا
console-past-transaction-id = المعاملة
console-past-q = النص
console-past-time = الوقت
console-past-actor = من قام به
console-past-object = ما جرى عليه
console-past-details = القيد { $seq }
console-past-facts = المزيد
console-past-records = قيوده في سجل التدقيق
console-past-none = لم يُعثر على شيء. قلّل المعايير أو وسّع المدة.
console-past-searched-to = جرى البحث رجوعًا حتى { $time }. «التالي» يتابع من هناك.
console-past-began = العرض أو البداية
console-past-started = البداية
console-past-finished = النهاية
console-past-result = النتيجة
console-past-reason = السبب
console-past-last_step = آخر خطوة
console-past-took = المدة
console-past-os = المنصّة
console-past-initiated_by = بدأ عن طريق
console-past-initiator = المشغّل أو القاعدة
console-past-group = المجموعة
console-past-groups = المجموعات
console-past-application = التطبيق
console-past-policy = السياسة
console-past-offered = مع ما عُرض ولم يبدأ قط
console-past-kind = نوع أداة المصادقة
console-past-device = الجهاز
console-past-device_address = عنوان الجهاز
console-past-push = الإشعارات الفورية
console-past-pin_type = نوع الرقم السري (PIN)
console-past-biometric = بصمة الإصبع أو الوجه
console-past-template_version = إصدار قالب أداة المصادقة
console-past-user_agent = المتصفّح
console-past-codes_sent = الرموز المرسلة بالبريد
console-past-wrong_codes = رموز البريد الخاطئة
console-past-wrong_passcodes = رموز المرور الخاطئة
console-past-refreshes = رموز QR الجديدة
console-past-language = اللغة
console-past-additional = إلى جانب أداة مصادقة أخرى
console-past-disputed = ضُغط على «لم تكن أنت؟»
console-object-token = أداة مصادقة
console-object-user = مستخدم
console-object-group = مجموعة
console-object-operator = مشغّل
console-object-task = المهمة
console-object-role = الدور
console-object-api_key = مفتاح API
console-object-invitation = الدعوة
console-object-approval = الموافقة
console-object-settings = الإعدادات
console-object-log = السجل
console-object-report = التقرير
console-record-AUTHENTICATION = مصادقة
console-record-ENROLLMENT = تسجيل
console-record-AUDIT = تدقيق
console-audit-empty = لم يُسجَّل شيء بعد.
console-audit-begins = تبدأ السجلات في { $time }. أُزيلت السجلات الأقدم لانتهاء مدة الاحتفاظ بها.
console-history-begins = لم تعد عمليات التسجيل التي انتهت قبل { $time } مدرجة، لانتهاء مدة الاحتفاظ بها.
console-history-empty = لم يسجّل أحد أداة مصادقة في هذه المدة.
console-result-offered = معروض
console-result-in_progress = جارٍ
console-result-completed = مكتمل
console-result-confirmed = مؤكَّد
console-result-cancelled = ملغى
console-result-expired = منتهٍ
console-result-failed = فاشل
console-result-superseded = مستبدَل
console-initiation-self_provisioning = التجهيز الذاتي
console-initiation-provisioning_email = بريد التجهيز
console-initiation-operator = مشغّل
console-initiation-rule = قاعدة
console-sum-started = بدأ
console-sum-completed = اكتمل
console-sum-rate = نسبة الاكتمال
console-sum-percent = { $whole }.{ $tenth }%
console-sum-median = وسيط المدة
console-sum-reason = أكثر أسباب الفشل
console-funnel-steps = إلى أين يصلون
console-funnel-chart = أشرطة: كم منهم بلغ كل خطوة. الجدول أدناه يقول الشيء نفسه.
console-funnel-step = الخطوة
console-funnel-reached = بلغوها
console-funnel-lost = انسحبوا قبلها
console-funnel-median = وسيط الوقت من الخطوة السابقة
console-step-offered = العرض
console-step-started = البداية
console-step-code_accepted = قبول الرمز
console-step-target_chosen = اختيار المنصّة
console-step-activated = تنشيط أداة المصادقة
console-step-first_use = أول استخدام
console-missing-title = من ليست لديه أداة مصادقة بعد
console-missing-hint = المستخدمون الذين يمكنهم التسجيل بأنفسهم وليسوا معطَّلين. وقت العدّ: { $time }.
console-missing-chart = أشرطة: كم من كل فئة لديهم أداة مصادقة. الجدول أدناه يقول الشيء نفسه.
console-missing-of = من بين
console-missing-deadline = الموعد النهائي
console-missing-over = انقضى
console-missing-users = المستخدمون
console-missing-missing = بلا أداة مصادقة
console-missing-all = جميع من يمكنهم التسجيل
console-missing-rule = القاعدة { $name }
console-missing-no_rule = من لا تنطبق عليهم أيّ قاعدة
console-missing-group = المجموعة { $name }
console-missing-nobody = التجهيز الذاتي غير مفعَّل لأحد.
console-missing-none = لدى الجميع أداة مصادقة.
console-missing-none-here = لا أحد في هذا الجزء من القائمة. «التالي» يتابع.

## Provisioning by email: the console
console-page-provisioning = التجهيز
console-provisioning-text = يتيح للمستخدمين التسجيل عبر البريد، سواء أكان التجهيز الذاتي متاحًا لهم أم لا. يتلقّى كل منهم رابطًا خاصًا به يعمل مرة واحدة.
console-provisioning-reserved = { $count ->
    [zero] لا توجد أدوات مصادقة محجوزة.
    [one] أداة مصادقة واحدة محجوزة.
    [two] أداتا مصادقة محجوزتان.
    [few] { $count } أدوات مصادقة محجوزة.
    [many] { $count } أداة مصادقة محجوزة.
   *[other] { $count } أداة مصادقة محجوزة.
}
console-provisioning-number = المهمة { $what }
console-provisioning-running = جارية
console-provisioning-over = منتهية
console-provisioning-removed = مُزالة
console-provisioning-users = { $count ->
    [zero] لا مستخدمين
    [one] مستخدم واحد
    [two] مستخدمان
    [few] { $count } مستخدمين
    [many] { $count } مستخدمًا
   *[other] { $count } مستخدم
}
console-provisioning-group = أعضاء
console-provisioning-by = المشغّل: { $what }
console-provisioning-stops = حتى { $time }
console-provisioning-empty = لا توجد مهام بعد.
console-provisioning-state = الحالة
console-provisioning-operator = المشغّل
console-provisioning-begun = الإنشاء
console-provisioning-end = الانتهاء
console-provisioning-end-of = بانتهاء يوم { $time } (UTC)
console-provisioning-far = رسائل البريد
console-provisioning-written = أُرسل { $written } من { $all }.
console-provisioning-finding = لا يزال البحث عن أعضاء المجموعة جاريًا.
console-provisioning-entries = المستخدمون
console-provisioning-all = جميع مستخدمي هذه المهمة
console-provisioning-nobody = لا أحد.
console-provisioning-none-written = { $count ->
    [0] لا يُراسَل أحد: لا يوجد مستخدمون.
    [two] لا يُراسَل أحد: تُخطّي مستخدمان.
    [few] لا يُراسَل أحد: تُخطّي { $count } مستخدمين.
    [many] لا يُراسَل أحد: تُخطّي { $count } مستخدمًا.
    [one] لا يُراسَل أحد: تُخطّي مستخدم واحد.
   *[other] لا يُراسَل أحد: تُخطّي { $count } مستخدم.
}
console-provisioning-off-task = أُخرج { $what } من المهمة؛ أصبح الرابط لاغيًا.
console-entry-pending = ينتظر البريد
console-entry-active = نشط
console-entry-enrolled = مسجَّل
console-entry-completed = مكتمل
console-entry-locked = مقفل
console-entry-expired = منتهٍ
console-entry-removed = مُزال
console-entry-skipped = متخطّى
console-entry-mailed = أُرسل إليه البريد: { $time }
console-entry-not-mailed = لم يُرسل إليه البريد بعد
console-entry-opened = استُخدم الرابط: { $time }
console-entry-fails = { $count ->
    [zero] لم يفشل
    [one] فشل مرة واحدة
    [two] فشل مرتين
    [few] فشل { $count } مرات
    [many] فشل { $count } مرة
   *[other] فشل { $count } مرة
}
console-entry-resend = إعادة الإرسال
console-entry-remove = إزالة
console-skipped-disabled = الحساب معطَّل.
console-skipped-no_email = لا يوجد عنوان يُرسل إليه.
console-skipped-has_all_tokens = بلغ عدد أدوات المصادقة الحدّ المسموح به، بما فيها المحجوزة.
console-task-provisioning-new = مهمة جديدة
console-task-provisioning-new-text = اذكر مستخدمين أو مجموعة. من لديه العدد المسموح به من أدوات المصادقة يُتخطّى، وتذكر المهمة ذلك.
console-task-provisioning-one = التجهيز عبر البريد
console-task-provisioning-one-text = يُرسل إلى المستخدم رابط يُعِدّ به تطبيق مصادقة.
console-task-provisioning-edit = تعديل المهمة
console-task-provisioning-edit-text = من فاته موعد الانتهاء السابق يبقى منتهيًا حتى يُرسل إليه البريد مرة أخرى.
console-task-provisioning-resend = إعادة الإرسال إلى الجميع
console-task-provisioning-resend-text = يتلقّى كل من لم يسجّل بعد رابطًا جديدًا. لا تعود الروابط السابقة تعمل عندئذٍ.
console-task-provisioning-resend-count = { $count ->
    [0] لا يوجد الآن من يمكن مراسلته.
    [two] هما الآن مستخدمان.
    [few] هم الآن { $count } مستخدمين.
    [many] هم الآن { $count } مستخدمًا.
    [one] هو الآن مستخدم واحد.
   *[other] هم الآن { $count } مستخدم.
}
console-task-provisioning-remove = إزالة المهمة
console-task-provisioning-remove-text = لا يعود أحد قادرًا على التسجيل من خلالها. تبقى تطبيقات المصادقة التي أُعدّت.
console-task-provisioning-user-resend = إعادة الإرسال
console-task-provisioning-user-resend-text = يتلقّى المستخدم رابطًا جديدًا. لا يعود الرابط السابق يعمل عندئذٍ.
console-task-provisioning-user-remove = الإزالة من المهمة
console-task-provisioning-user-remove-text = لا يعود رابط المستخدم يعمل عندئذٍ.

## Rules that provision by group
console-page-provisioning_rules = قواعد التجهيز
console-rules-provisioning-text = من يدخل مجموعة قاعدة تصله رسالة ويسجّل أداة مصادقة. تُفحص القواعد من الأولى إلى الأخيرة، ولا يُعتدّ لكل مستخدم إلا بأول قاعدة تنطبق عليه.
console-rules-provisioning-empty = لا توجد قواعد: لا يحصل أحد على أداة مصادقة بسبب مجموعاته.
console-rules-days = { $count ->
    [one] يوم واحد للتسجيل
   *[other] أيام التسجيل: { $count }
}
console-rules-takes = من يغادر يفقد ما أعطته القاعدة
console-rules-leaves = من يغادر يحتفظ بما أعطته القاعدة
console-rules-preview = إظهار من يتأثر
console-rules-back = التعديل مرة أخرى
console-rules-affected = من يتأثر
console-rules-nobody = لا يتأثر أحد الآن.
console-rules-looked-at = عددهم أكبر من أن يُفحصوا جميعًا دفعة واحدة: الأرقام لأول { $count }.
console-rules-more = ليس هؤلاء جميعهم.
console-rules-would-lose = تسحب قاعدة تجهيز من المستخدم أداة المصادقة { $what }.
console-rules-would-lose-mail = تسحب قاعدة تجهيز الرسالة التي كان المستخدم لا يزال يستطيع التسجيل بها.
console-rules-would-take = تسحب قاعدة التجهيز الخاصة بـ«{ $what }» ما أعطته. عدد المستخدمين: { $count }.
console-rules-unused-mail = رسالة لم تُستعمل بعد
console-rules-effect-gets = يحصل على أداة مصادقة
console-rules-effect-skipped = لا يحصل عليها
console-rules-effect-loses = يفقدها
console-rules-effect-keeps = يحتفظ بها نهائيًا
console-rules-effect-handed_over = ينتقل إلى قاعدة أخرى
console-provisioning-by-rule = قاعدة: { $what }
console-provisioning-rule = قاعدة
console-attention-provisioning-group-gone = تذكر قاعدة التجهيز الخاصة بـ«{ $what }» مجموعة محذوفة. لا تعطي شيئًا ولا تسحب شيئًا.
console-group-is-named-provisioning = تعتمد قاعدة تجهيز على هذه المجموعة. إذا حُذفت فلن تعطي القاعدة شيئًا بعد ذلك ولن تسحب شيئًا.
console-field-rule-group = المجموعة
console-field-rule-group-hint = لمن تنطبق: أعضاء المجموعة والمجموعات التي فيها. لكل مجموعة قاعدة واحدة على الأكثر.
console-field-rule-stop_days = أيام التسجيل
console-field-rule-stop_days-hint = أيام كاملة بعد يوم الرسالة: من 1 إلى 90.
console-field-rule-take = سحبها ممن يغادر
console-field-rule-take-hint = تُلغى أداة المصادقة التي أعطتها القاعدة عندما لا يبقى مستخدمها في أي مجموعة من مجموعات القواعد. وتبقى أدواته الأخرى.
console-field-rule-note = ملاحظة
console-field-rule-note-hint = سطر واحد يُضاف إلى الرسائل؛ يجوز تركه فارغًا.
console-task-provisioning-rule-new = إضافة قاعدة
console-task-provisioning-rule-new-text = ترى من يتأثر قبل أن يتغيّر أي شيء.
console-task-provisioning-rule-edit = تعديل القاعدة
console-task-provisioning-rule-up = نقل القاعدة إلى أعلى
console-task-provisioning-rule-up-text = تُفحص القاعدة قبل القاعدة التي فوقها.
console-task-provisioning-rule-down = نقل القاعدة إلى أسفل
console-task-provisioning-rule-down-text = تُفحص القاعدة بعد القاعدة التي تحتها.
console-task-provisioning-rule-remove = إزالة القاعدة
console-task-provisioning-rule-remove-text = لا يحصل أحد على شيء بها بعد الآن. وما أعطته يبقى لمن لديه.
console-field-users = أسماء تسجيل الدخول
console-field-users-hint = اسم واحد في كل سطر، 1000 على الأكثر. اتركه فارغًا إذا ذكرت مجموعة.
console-field-group-hint = جميع أعضائها، بمن فيهم أعضاء المجموعات المتضمَّنة فيها.
console-field-stop_date = آخر يوم
console-field-stop_date-hint = يمكنهم التسجيل حتى انتهاء هذا اليوم (بتوقيت UTC): خلال 90 يومًا.
console-field-note = ملاحظة للمستخدمين
console-field-note-hint = تظهر في رسالة البريد؛ سطر واحد.
console-done-provisioned = أُنشئت المهمة. تُرسل رسائلها تباعًا.
console-done-resent = تُرسل رسالة جديدة بعد لحظات.
console-done-resent-all = يُراسَل مجددًا كل من لم يسجّل. تُرسل الرسائل تباعًا.
console-done-task-removed = أُزيلت المهمة. الروابط التي لم تُستخدم أصبحت لاغية.
