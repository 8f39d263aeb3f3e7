# ページとメールの日本語の文言。

## すべてのページの枠
title-error = エラー
title-step = ステップ { $step }
progress-step = ステップ { $step } / { $of }
frame-language = 言語
frame-language-change = 変更
frame-help = ヘルプとサポート
frame-cancel = キャンセルしてサインアウト
frame-signed-in = { $name } としてサインイン中
frame-continue = 続行
frame-back = 戻る
frame-finish-by = { $time } までに完了してください。
contact = ヘルプデスクに問い合わせる

## W0：ユーザー名、パスワード
signin-submit = ログイン
signin-as = { $name } としてサインインします
signin-switch = ユーザーを切り替える
name-title = { $app } にサインイン
name-title-portal = サインイン
name-label = ユーザー名
name-remember = このデバイスにユーザー名を保存する
name-remember-hint = ほかの人も使うコンピューターでは選択しないでください。
password-title = パスワードを入力してください
password-label = パスワード
password-show = 表示
password-hide = 隠す

## 認証アプリのワンタイムパスコード
passcode-title = パスコードを入力してください
passcode-text = 認証アプリを開き、いま表示されているパスコードを入力してください。
passcode-label = パスコード
passcode-hint = { $digits } 桁の数字
passcode-enrolment-hint = 登録のメールをお待ちですか？受信トレイを確認するか、サポートにお問い合わせください。
passcode-suspended-title = 認証アプリは一時停止されています
passcode-suspended = 再開されるまで、サインインには使用できません。

## W1：認証アプリが必要です
need-title = 認証アプリが必要です
need-text = { $app } ではワンタイムパスコードの入力が必要です。認証アプリがまだ登録されていません。設定には約 3 分かかります。
need-text-portal = ここではワンタイムパスコードの入力が必要です。認証アプリがまだ登録されていません。設定には約 3 分かかります。
need-list = 必要なもの：
need-email = メールを確認できる環境
need-device = スマートフォン、またはこのコンピューター
need-submit = 認証アプリを追加
need-mail = メールアドレスに確認コードを送信します。
need-mail-masked = メールアドレス（{ $address }）に確認コードを送信します。

## W2：メールを確認してください
code-title = メールを確認してください
code-title-failed = コードを送信できませんでした
code-title-blocked = 本日はこれ以上続行できません
code-sent = メールアドレスに確認コードを送信しました。
code-sent-masked = { $address } に確認コードを送信しました。
code-patience = 届くまで 1 分ほどかかることがあります。迷惑メールフォルダーも確認してください。
code-newest = { $time } に送信された最新のメールをお使いください。
code-valid-until = コードの有効期限は { $time } です。
code-sending = メールアドレスに確認コードを送信しています。送信が終わると、このページでお知らせします。
code-sending-masked = { $address } に確認コードを送信しています。送信が終わると、このページでお知らせします。
code-label = 確認コード
code-resend = 新しいコードを送信
code-resend-wait = あと { $time } で新しいコードを送信できます。
code-resend-ready = 新しいコードを送信できるようになりました。
code-retry = 再試行
code-no-access = このメールを確認できない場合：
code-ask-help = コードがないと、ここから先へは進めません。

## W3、W4：インストール先
kind-title = どこにインストールしますか？
kind-text = サインインするときにいつも手元にあるデバイスを選んでください。
device-title = どのデバイスですか？
choice-mobile = モバイルデバイス
choice-mobile-hint = iPhone、iPad、Android
choice-ios = iPhone または iPad
choice-ios-hint = iOS または iPadOS
choice-android = Android
choice-android-hint = スマートフォンまたはタブレット
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = スマートフォン
choice-windows-desktop = このコンピューター
choice-windows-desktop-hint = Windows 10 以降
device-ios = iPhone または iPad
device-android = Android デバイス
device-windows-mobile = Windows 10 Mobile スマートフォン
device-windows-desktop = Windows コンピューター

## W5：アプリにキーを登録
install-title-ios = iPhone または iPad の設定
install-title-android = Android デバイスの設定
install-title-windows-mobile = Windows スマートフォンの設定
install-title-windows-desktop = このコンピューターの設定
install-app-ios = App Store から認証アプリをインストールします（Google Authenticator、Microsoft Authenticator、2FAS、FreeOTP など）。iOS に付属の「パスワード」アプリも使えます。
install-app-android = Google Play から認証アプリをインストールします（Google Authenticator、Microsoft Authenticator、Aegis、2FAS など）。
install-app-windows-mobile = Microsoft Store から認証アプリをインストールします（Microsoft Authenticator など）。
install-app-windows-desktop = 認証アプリをインストールします（KeePassXC や、Microsoft Store の 2fast など）。
install-add-mobile = アプリでアカウントを追加し、カメラで QR コードを読み取ります。
install-add-desktop = アプリでアカウントを追加し（KeePassXC ではエントリの TOTP を設定）、下のキーを貼り付けます。
install-then = アプリに 6 桁のパスコードが表示され、30 秒ごとに変わります。「続行」を選び、そのパスコードでサインインします。
install-qr-alt = QR コード。読み取れない場合は、このページのリンクまたはキーをお使いください。
install-open = このデバイスのアプリで開く
install-open-hint = このページを見ているデバイスに認証アプリがある場合にお使いください。
install-key = 読み取れない場合は、このキーを入力するか貼り付けてください：
install-copy = コピー
install-copied = キーをコピーしました。
install-copy-failed = キーをコピーできませんでした。選択して手動でコピーしてください。
install-account = アカウント
install-issuer = 発行者
install-type = 種類
install-type-value = 時刻ベース、6 桁、30 秒、SHA-1
install-valid-until = コードの有効期限：{ $time }。
install-private = 誰にも見せないでください。このコードを知る人は、あなたのパスコードを作成できます。
install-new-code = 新しいコード
install-new-code-hint = 上のコードは使えなくなります。すでにアプリに追加した場合は、その項目をアプリから削除してください。
install-expired = このコードは期限切れのため、表示されません。新しいコードを取得してください。古いコードをすでにアプリに追加した場合は、その項目をアプリから削除してください。

## W7、W8：準備完了
ready-title = 認証アプリの準備ができました
ready-added = 追加：{ $device }、{ $time }
ready-sign-in = 認証アプリでサインイン
ready-text = 認証アプリにいま表示されているパスコードを入力してください。
ready-back = コードをもう一度表示

## サインインの終わり
ended-cancelled-title = サインアウトしました
ended-cancelled = サインインはキャンセルされました。アカウントには何も追加されていません。
ended-superseded-title = 別の場所で続行されました
ended-superseded = 別のブラウザーまたはデバイスで手続きが続行されました。ここに表示されていた内容は無効です。
ended-expired-title = サインインの有効期限が切れました
ended-expired = 安全のため、サインインは一定時間内に完了する必要があります。
ended-again = 最初からやり直す

## お知らせ
notice-problem = 問題があります
notice-not-accepted = ユーザー名またはパスワードが正しくありません。もう一度お試しください。
notice-passcode-not-accepted = 受け付けられませんでした。次のパスコードが表示されるのを待って入力してください。
notice-clock-hint = 何度も受け付けられない場合は、デバイスの時計が自動設定になっているか確認してください。パスコードは時刻をもとに作られます。
notice-passcode-used = このパスコードはすでに使用されています。次のパスコードをお待ちください。
notice-account-locked = このアカウントでの失敗が多すぎます。{ $time } 以降にもう一度お試しください。
notice-account-locked-way = 以前サインインしたことのあるブラウザーからは、すぐにサインインできます。心当たりがない場合は、ヘルプデスクにお知らせください。
notice-locked = 失敗した回数が多すぎます。{ $time } 以降にもう一度お試しください。
notice-code-wrong = コードが正しくありません。あと { $tries } 回入力できます。
notice-code-expired = このコードは期限切れです。新しいコードを送信してください。
notice-code-void = 誤ったコードが何度も入力されました。新しいコードを送信してください。
notice-code-limit = コードの送信回数が多すぎます。{ $time } 以降にもう一度お試しください。
notice-code-day-limit = 本日は誤ったコードの入力が多すぎます。{ $time } 以降にもう一度お試しください。
notice-no-email = メールアドレスが登録されていないため、コードを送信できません。ヘルプデスクで登録できます。
notice-mail-failed = メールを送信できませんでした。もう一度お試しください。同じコードが届きます。
notice-code-sent-again = 新しいコードを送信しました。以前のコードは使えません。
notice-choose-target = デバイスを 1 つ選んでください。
notice-empty-name = ユーザー名を入力してください。
notice-empty-password = パスワードを入力してください。
notice-empty-passcode = パスコードを入力してください。
notice-empty-code = 確認コードを入力してください。
notice-stale-form = その手順はすでに完了しています。現在の手順を表示しています。
notice-no-longer-offered = ご自身で認証アプリを追加することはできなくなりました。入手方法はヘルプデスクにお問い合わせください。

## ポータルのスタートページ
start-title = アプリケーション
start-welcome = ようこそ、{ $name } さん
start-empty = 利用できるアプリケーションはまだありません。
start-sign-out = サインアウト

## 一つのことを伝えるページ
message-status = エラー
message-request = リクエスト ID
message-continue = スタートページへ
message-sign-in-again = もう一度サインイン
message-denied-title = アクセスできません
message-denied = アクセスポリシーにより、ここへのアクセスは許可されていません。必要な場合は、アクセス権を申請してください。
message-denied-app = アクセスポリシーにより、{ $app } へのアクセスは許可されていません。必要な場合は、アクセス権を申請してください。
message-cross-site-title = このフォームは受け付けられません
message-cross-site = 当サイトのページから送信されていないか、ページが長時間開かれたままでした。前のページに戻り、再読み込みしてからもう一度お試しください。
message-bad-request-title = 処理できませんでした
message-bad-request = リクエストを解釈できませんでした。前のページに戻ってもう一度お試しください。
message-not-found-title = ページが見つかりません
message-not-found = このアドレスにはページがありません。アドレスを確認するか、スタートページから始めてください。
message-method-title = ここでは実行できません
message-method = このアドレスでは、この種類のリクエストは受け付けていません。
message-too-large-title = サイズが大きすぎます
message-too-large = 送信された内容が、受け付けられるサイズを超えています。
message-unknown-host-title = 不明なサイト
message-unknown-host = この名前のサイトはありません。アドレスを確認してください。
message-address-waits-title = お使いのネットワークは待機が必要です
message-address-waits = お使いのネットワークから開始された、または失敗したサインインが多すぎます。{ $time } 以降にもう一度お試しください。
message-address-waits-way = 以前サインインしたことのあるブラウザーからは、すぐに続行できます。
message-too-many-title = リクエストが多すぎます
message-too-many = お使いのネットワークからのリクエストが多すぎます。1 分ほど待ってからもう一度お試しください。
message-upstream-title = アプリケーションが応答しません
message-upstream = 現在アプリケーションに接続できません。数分後にもう一度お試しください。
message-upstream-timeout-title = アプリケーションの応答に時間がかかっています
message-upstream-timeout = アプリケーションが時間内に応答しませんでした。数分後にもう一度お試しください。
message-unavailable-title = しばらくお待ちください
message-unavailable = 現在サインインを利用できません。変更は行われていません。1 分ほど待ってからもう一度お試しください。
message-internal-title = 問題が発生しました
message-internal = 当方の不具合であり、記録されました。もう一度お試しください。再び発生する場合は、リクエスト ID をヘルプデスクにお知らせください。
message-signed-out-title = サインアウトしました
message-signed-out = すべてのアプリケーションからサインアウトしました。ほかの人もこのコンピューターを使う場合は、ブラウザーを閉じてください。
message-dispute-look-title = ご本人による操作ですか？
message-dispute-look = アカウントに認証アプリが追加されました：{ $device }、{ $time }。
message-dispute-look-effect = 心当たりがない場合は、いますぐ停止してください。すべてのセッションが終了します。
message-dispute-look-you = ご本人による操作であれば、このページを閉じてください。何も変わりません。
message-dispute-submit = 心当たりがないので停止する
message-dispute-done-title = 認証アプリを停止しました
message-dispute-done = この認証アプリは使用できなくなり、すべてのセッションが終了しました。パスワードを変更し、ヘルプデスクにご連絡ください。
message-dispute-gone-title = このリンクは使えません
message-dispute-gone = すでに使用されたか、7 日以上経過しています。心当たりのない認証アプリがアカウントにある場合は、すぐにヘルプデスクにご連絡ください。

## メール：確認コード
mail-automatic = このメールは自動送信されています。返信いただいてもお読みできません。
mail-sent = 送信日時：{ $time }
mail-code-subject = { $brand } の確認コード
mail-code-title = 確認コード
mail-code-intro = アカウントに認証アプリを追加する手続きが行われています。コードの入力画面に、次のコードを入力してください：
mail-code-intro-app = { $app } にサインインするため、アカウントに認証アプリを追加する手続きが行われています。コードの入力画面に、次のコードを入力してください：
mail-code-valid = このコードは { $minutes } 分間、1 回のみ、コードを要求したブラウザーでだけ有効です。
mail-code-never = 電話やメールでこのコードをお尋ねすることは決してありません。誰にも教えないでください。
mail-code-not-you = 心当たりがない場合は、何もする必要はありません。このコードがなければ、アカウントには何も追加されません。繰り返し届く場合は、ヘルプデスクにご連絡ください。

## メール：認証アプリの追加
mail-notice-subject = { $brand } のアカウントに認証アプリが追加されました
mail-notice-title = アカウントに認証アプリが追加されました
mail-notice-intro = 今後、この認証アプリとお客様のユーザー名で { $brand } にサインインできます。
mail-notice-device = デバイス
mail-notice-when = 日時
mail-notice-address = ネットワークアドレス
mail-notice-you = ご本人による操作であれば、何もする必要はありません。
mail-notice-not-you = 心当たりがない場合は、次のリンクを開いて確認してください。認証アプリはただちに停止され、すべてのセッションが終了します。
mail-notice-button = 心当たりがありません
mail-notice-valid = リンクは 7 日以内に 1 回だけ使えます。
