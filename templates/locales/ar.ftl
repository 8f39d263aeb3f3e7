# نصوص الصفحات والرسائل بالعربية.

## إطار كل صفحة
title-error = خطأ
title-step = الخطوة { $step }
progress-step = الخطوة { $step } من { $of }
frame-language = اللغة
frame-language-change = تغيير
frame-help = المساعدة والدعم
frame-cancel = إلغاء وتسجيل الخروج
frame-signed-in = تم تسجيل الدخول باسم { $name }
frame-continue = متابعة
frame-back = رجوع
frame-finish-by = يُرجى الانتهاء قبل { $time }.
contact = الاتصال بمكتب المساعدة

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
passcode-enrolment-hint = هل تنتظر رسالة تسجيل؟ تحقّق من صندوق الوارد أو اطلب المساعدة.
passcode-suspended-title = تطبيق المصادقة الخاص بك موقوف
passcode-suspended = لا يمكن استخدامه لتسجيل الدخول إلى أن تُعاد إتاحته.

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
install-then = يعرض التطبيق الآن رمز مرور من ستة أرقام، ويتغيّر كل 30 ثانية. اختر «متابعة» لتسجيل الدخول به.
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
install-type-value = حسب الوقت، 6 أرقام، 30 ثانية، SHA-1
install-valid-until = الرمز صالح حتى { $time }.
install-private = لا تُظهره لأحد: من يملكه يستطيع توليد رموز المرور الخاصة بك.
install-new-code = رمز جديد
install-new-code-hint = سيتوقف الرمز أعلاه عن العمل. إذا كان مضافًا إلى تطبيق فاحذف ذلك الإدخال منه.
install-expired = انتهت صلاحية هذا الرمز ولم يعد معروضًا. اطلب رمزًا جديدًا. إذا سبق أن أضفت القديم إلى تطبيق فاحذف ذلك الإدخال منه.

## W7 وW8: جاهز
ready-title = تطبيق المصادقة جاهز
ready-added = تمت الإضافة: { $device }، { $time }
ready-sign-in = سجّل الدخول به
ready-text = أدخِل رمز المرور الذي يعرضه تطبيق المصادقة الآن.
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
notice-clock-hint = هل يُرفض الرمز مرارًا؟ تأكّد من أن ساعة جهازك تُضبط تلقائيًا، فرموز المرور تعتمد على الوقت.
notice-passcode-used = سبق استخدام رمز المرور هذا. انتظر الرمز التالي.
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
notice-no-longer-offered = لم يعد بإمكانك إضافة تطبيق مصادقة بنفسك. يمكن لمكتب المساعدة إرشادك إلى طريقة الحصول عليه.

## الصفحة الرئيسية للبوابة
start-title = تطبيقاتك
start-welcome = مرحبًا، { $name }
start-empty = لا توجد تطبيقات متاحة لك هنا بعد.
start-sign-out = تسجيل الخروج

## صفحات تقول شيئًا واحدًا
message-status = خطأ
message-request = معرّف الطلب
message-continue = الانتقال إلى الصفحة الرئيسية
message-sign-in-again = تسجيل الدخول مرة أخرى
message-denied-title = ليس لديك إذن بالوصول
message-denied = لا تسمح لك سياسة الوصول بالدخول إلى هنا. إذا كنت ترى أن ذلك غير صحيح فاطلب منحك الإذن.
message-denied-app = لا تسمح لك سياسة الوصول بالدخول إلى { $app }. إذا كنت ترى أن ذلك غير صحيح فاطلب منحك الإذن.
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
message-signed-out-title = تم تسجيل خروجك
message-signed-out = تم تسجيل خروجك من جميع التطبيقات. أغلق المتصفّح إذا كان آخرون يستخدمون هذا الحاسوب أيضًا.
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
